// Builds dist/. usage: node scripts/build.mjs [--dev] [--watch] [--programs FOLDER]
//   --dev       source maps, the webview not minified
//   --watch     --dev, and again whenever a file changes
//   --programs  only the terminal and the child, into FOLDER
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { values: flags } = parseArgs({
  options: { dev: { type: 'boolean' }, watch: { type: 'boolean' }, programs: { type: 'string' } },
});
const watch = Boolean(flags.watch);
const dev = watch || Boolean(flags.dev);

/** Whatever drags these along computes with tensors or pictures. */
const heavy = ['@tensorflow/', 'onnxruntime', 'sharp', 'protobufjs'];
/** What only some requests need, and nothing should wait for. */
const late = ['@tensorflow/', 'onnxruntime', 'protobufjs', '@huggingface/', 'undici', 'h5wasm', 'hyparquet'];

/**
 * The bundles, and what each must never contain: the host would start slowly with tensors inside it, the child and the
 * terminal run where there is no `vscode`, the webview runs where there is no Node, and checks nothing.
 */
const bundles = [
  { entries: { extension: 'src/extension.ts' }, folder: 'dist', platform: 'node', forbidden: heavy },
  {
    entries: { main: 'webview-ui/main.tsx' },
    folder: 'dist/webview',
    platform: 'browser',
    forbidden: ['vscode', 'node:', 'zod', 'chart.js', ...heavy],
  },
  // A script of its own: the tab's page holds the other one, and draws pictures before charts.
  {
    entries: { charts: 'webview-ui/training/lineChart.ts' },
    folder: 'dist/webview',
    platform: 'browser',
    globalName: 'thawCharts',
    forbidden: ['vscode', 'node:', 'zod', 'preact', ...heavy],
  },
];

/**
 * The child and the terminal share what they are made of, in parts that are loaded when something asks for them: 4 MB would
 * take longer to compile than a folder of photos takes to be listed. `eager`: what these files load at once must be free of.
 */
const programs = {
  entries: { trainer: 'src/trainer/main.ts', cli: 'src/cli/main.ts' },
  folder: path.join(flags.programs ?? 'dist', 'node'),
  platform: 'node',
  splitting: true,
  forbidden: ['vscode'],
  eager: {
    'src/trainer/main.ts': [...late, 'sharp'],
    'src/cli/main.ts': [...late, 'sharp'],
    'src/core/data/openDataset.ts': [...late, 'sharp'],
    'src/core/data/thumbnail.ts': late,
  },
};

/** Native packages, and what stands in for one, are beside the bundles in node_modules. */
const natives = ['onnxruntime-node', 'onnxruntime-web', 'sharp', '@tensorflow/tfjs-node'];

function optionsFor(bundle) {
  const { entries, folder, platform, splitting = false } = bundle;
  const node = platform === 'node';
  return {
    absWorkingDir: root,
    entryPoints: entries,
    outdir: folder,
    bundle: true,
    metafile: true,
    platform,
    ...(splitting ? asModules : { format: node ? 'cjs' : 'iife', globalName: bundle.globalName }),
    target: node ? 'node20' : 'chrome122',
    external: node ? [...natives, 'vscode'] : [],
    // Package authors mark their ES modules by `module`; taking these first lets esbuild leave unused parts out.
    mainFields: node ? ['module', 'main'] : undefined,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'text', '.ttf': 'file', '.woff2': 'file' },
    // What runs in Node keeps its lines and names, so that a stack in a log can be read.
    minify: !node && !dev,
    sourcemap: dev && (node ? 'linked' : 'inline'), // the webview's script stands in its page, beside which there is nothing
    legalComments: 'none',
    logLevel: 'warning',
    ...(!node && { define: { 'process.env.NODE_ENV': dev ? '"development"' : '"production"' } }),
    plugins: [...(splitting ? [required] : []), { name: 'check', setup: (build) => build.onEnd((result) => check(result, bundle)) }],
  };
}

/** Only ES modules can be split. What they lack of CommonJS, which our sources and some packages use, is made up for. */
const asModules = {
  format: 'esm',
  splitting: true,
  outExtension: { '.js': '.mjs' },
  banner: { js: "import { createRequire as requireFor } from 'node:module';\nconst require = requireFor(import.meta.url);" },
  define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
};

/**
 * CommonJS packages that our modules import are required: imported, Node would read their many files for names first, which
 * takes longer than to run them. Imported dynamically they have a default export alone, as in Node.
 */
const required = {
  name: 'required',
  setup(build) {
    build.onResolve({ filter: /^(sharp|onnxruntime-node)$/ }, ({ path: name, kind }) =>
      kind === 'require-call' ? { path: name, external: true } : { path: name, namespace: 'required' },
    );
    build.onLoad({ filter: /.*/, namespace: 'required' }, ({ path: name }) => ({ contents: `module.exports = require('${name}');` }));
  },
};

/** The files by which the programs are called: plain scripts, which load the module of the same name. */
function writeCallers() {
  const folder = path.dirname(path.resolve(root, programs.folder));
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(programs.entries)) {
    const file = path.join(folder, `${name}.js`);
    writeFileSync(file, `#!/usr/bin/env node\nimport('./node/${name}.mjs');\n`);
    chmodSync(file, 0o755);
  }
}

/** The package that a file belongs to; none for our own. */
const packageOf = (file) => file.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];

/** Prints a bundle's size; an import that has no business there is an error, named at the file of ours that asks for it. */
function check(result, bundle) {
  if (!result.metafile) return;
  const errors = [];
  for (const [file, input] of Object.entries(result.metafile.inputs)) {
    if (isAmong(packageOf(file), bundle.forbidden)) continue;
    for (const name of new Set(input.imports.map((i) => (i.external ? i.path : packageOf(i.path)))))
      if (isAmong(name, bundle.forbidden)) errors.push({ text: `${bundle.folder} must not contain ${name}, which ${file} imports` });
  }
  for (const [file, { imports }] of Object.entries(result.metafile.inputs))
    for (const { kind, path: other, external } of bundle.splitting ? imports : [])
      if (kind === 'dynamic-import' && !external && packageOf(other) && result.metafile.inputs[other].format === 'cjs')
        errors.push({ text: `${file} cannot import ${other} dynamically, as it would lose its names: let a module of ours hand them on` });
  for (const [entry, forbidden] of Object.entries(bundle.eager ?? {})) {
    const file = Object.keys(result.metafile.outputs).find((output) => result.metafile.outputs[output].entryPoint === entry);
    if (!file) errors.push({ text: `${entry} is no part of its own: it must be imported dynamically` });
    else
      for (const name of loadedAtOnce(result.metafile, file))
        if (isAmong(name, forbidden)) errors.push({ text: `${entry} must not load ${name} before it is needed` });
  }
  if (errors.length === 0) printSizes(result.metafile, bundle);
  for (const { text } of errors) console.error(text);
  return { errors };
}

const isAmong = (name, rules) => name !== undefined && rules.some((rule) => name.startsWith(rule));

/** The packages of a part and of all parts that it imports, dynamic imports aside. */
function loadedAtOnce({ outputs }, part) {
  const loaded = new Set([part]);
  const names = new Set();
  for (const file of loaded) {
    for (const input of Object.keys(outputs[file].inputs)) names.add(packageOf(input));
    for (const { path: other, external, kind } of outputs[file].imports)
      if (external) names.add(other);
      else if (kind === 'import-statement') loaded.add(other);
  }
  return [...names].filter(Boolean).sort();
}

function printSizes({ outputs }, { entries, folder, splitting }) {
  const print = (name, bytes) => console.log(`${name.padEnd(24)} ${(bytes / 1024).toFixed(0).padStart(6)} kB`);
  const all = Object.entries(outputs);
  if (splitting) print(`${folder}/*`, sum(all.map(([, { bytes }]) => bytes)));
  else
    for (const entry of Object.values(entries))
      print(...all.flatMap(([file, { entryPoint, bytes }]) => (entryPoint === entry ? [file, bytes] : [])));
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

const wanted = flags.programs ? [programs] : [...bundles, programs];

// Parts are named by their content, and those of the last build would be packed along.
for (const { folder } of wanted) if (folder !== 'dist') rmSync(path.resolve(root, folder), { recursive: true, force: true });
writeCallers();
if (watch) {
  for (const bundle of wanted) await (await esbuild.context(optionsFor(bundle))).watch();
  console.log('watching…');
} else {
  const results = await Promise.allSettled(wanted.map((bundle) => esbuild.build(optionsFor(bundle))));
  if (results.some((result) => result.status === 'rejected')) process.exit(1);
  const files = results.flatMap((result) => Object.keys(result.value.metafile.inputs));
  const packages = [...new Set(files.map(packageOf).filter(Boolean))].sort();
  if (!flags.programs) writeFileSync(path.join(root, 'dist/packages.json'), JSON.stringify(packages, null, 2));
}
