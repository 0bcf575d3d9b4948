// Builds dist/. usage: node scripts/build.mjs [--dev] [--watch] [--partial]
//   --dev      source maps, the webview not minified
//   --watch    --dev, and again whenever a file changes
//   --partial  an entry that is missing is skipped with a warning
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const flags = new Set(process.argv.slice(2));
const watch = flags.has('--watch');
const dev = watch || flags.has('--dev');

/** Whatever drags these along computes with tensors or pictures. */
const heavy = ['@tensorflow/', 'onnxruntime', 'sharp', 'protobufjs'];

/**
 * The bundles, and what each must never contain: the host would start slowly with tensors inside it, the child and the
 * terminal run where there is no `vscode`, the webview runs where there is no Node.
 */
const bundles = [
  { entry: 'src/extension.ts', out: 'dist/extension.js', platform: 'node', forbidden: heavy },
  { entry: 'src/trainer/main.ts', out: 'dist/trainer.js', platform: 'node', forbidden: ['vscode'] },
  { entry: 'src/cli/main.ts', out: 'dist/cli.js', platform: 'node', forbidden: ['vscode'], executable: true },
  // 4 MB of HDF5 in WebAssembly: loaded when a Keras model is read, and not twice on disk.
  { entry: 'node_modules/h5wasm/dist/esm/hdf5_hl.js', out: 'dist/h5wasm.js', platform: 'node', forbidden: ['vscode'] },
  { entry: 'webview-ui/main.tsx', out: 'dist/webview/main.js', platform: 'browser', forbidden: ['vscode', 'node:', ...heavy] },
];

/** Native packages, and what stands in for one, are beside the bundles in node_modules. */
const natives = ['onnxruntime-node', 'onnxruntime-web', 'sharp', '@tensorflow/tfjs-node'];

function optionsFor(bundle) {
  const { entry, out, platform, executable } = bundle;
  const node = platform === 'node';
  return {
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: out,
    bundle: true,
    metafile: true,
    platform,
    format: node ? 'cjs' : 'iife',
    target: node ? 'node20' : 'chrome122',
    external: node ? [...natives, 'vscode'] : [],
    banner: executable ? { js: '#!/usr/bin/env node' } : undefined,
    // Package authors mark their ES modules by `module`; taking these first lets esbuild leave unused parts out.
    mainFields: node ? ['module', 'main'] : undefined,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'text', '.ttf': 'file', '.woff2': 'file' },
    define: node ? undefined : { 'process.env.NODE_ENV': dev ? '"development"' : '"production"' },
    // What runs in Node keeps its lines and names, so that a stack in a log can be read.
    minify: !node && !dev,
    sourcemap: dev ? 'linked' : false,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [
      { name: 'h5wasm', setup: (build) => build.onResolve({ filter: /^h5wasm$/ }, () => ({ path: './h5wasm.js', external: true })) },
      { name: 'check', setup: (build) => build.onEnd((result) => check(result, bundle)) },
    ],
  };
}

/** The package that a file belongs to; none for our own. */
const packageOf = (file) => file.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];

/** Prints a bundle's size; an import that has no business there is an error, named at the file of ours that asks for it. */
function check(result, { out, forbidden }) {
  if (!result.metafile) return;
  const isForbidden = (name) => name !== undefined && forbidden.some((rule) => name.startsWith(rule));
  const errors = [];
  for (const [file, input] of Object.entries(result.metafile.inputs)) {
    if (isForbidden(packageOf(file))) continue;
    for (const name of new Set(input.imports.map((i) => (i.external ? i.path : packageOf(i.path)))))
      if (isForbidden(name)) errors.push({ text: `${out} must not contain ${name}, which ${file} imports` });
  }
  const bytes = result.metafile.outputs[out]?.bytes;
  if (bytes) console.log(`${out.padEnd(24)} ${(bytes / 1024).toFixed(0).padStart(6)} kB`);
  for (const { text } of errors) console.error(text);
  return { errors };
}

const present = bundles.filter(({ entry }) => {
  if (existsSync(path.join(root, entry))) return true;
  if (!flags.has('--partial')) throw new Error(`${entry} is missing`);
  console.warn(`${entry} is not there yet: skipped`);
  return false;
});

if (watch) {
  for (const bundle of present) await (await esbuild.context(optionsFor(bundle))).watch();
  console.log('watching…');
} else {
  rmSync(path.join(root, 'dist/webview'), { recursive: true, force: true });
  const results = await Promise.allSettled(present.map((bundle) => esbuild.build(optionsFor(bundle))));
  if (results.some((result) => result.status === 'rejected')) process.exit(1);
  const files = results.flatMap((result) => Object.keys(result.value.metafile.inputs));
  const packages = [...new Set(files.map(packageOf).filter(Boolean))].sort();
  writeFileSync(path.join(root, 'dist/packages.json'), JSON.stringify(packages, null, 2));
}
