// Packs dist/thaw-<platform>-<version>.vsix. usage: node scripts/package.mjs [--target win32-x64|win32-arm64|linux-x64|linux-arm64|darwin-arm64|darwin-x64]… [--no-build]
// A package holds the native parts of its own platform and no other's: VS Code runs no `npm install` for an extension.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createVSIX } from '@vscode/vsce';
import { bundledModel } from './bundled-model.mjs';
import { heading, node, npm, root } from './steps.mjs';

/** onnxruntime-node has no native part for the last one, which takes onnxruntime's WebAssembly build along instead. */
const targets = ['win32-x64', 'win32-arm64', 'linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64'];
const runtimeOf = (target) => (target === 'darwin-x64' ? 'onnxruntime-web' : 'onnxruntime-node');
/** Bytes; the largest part is onnxruntime (25–86 MB unpacked), then the bundled model (18 MB). */
const largest = 75e6;
/** What the bundles require at run time. The rest of what npm installs belongs to install scripts that are never run. */
const runtimePackages = ['onnxruntime-common', 'sharp', '@img', 'detect-libc', 'semver'];
/** What Node loads of onnxruntime-web, of the builds for all browsers that it carries. */
const webFiles = ['ort.node.min.js', 'ort.node.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];
const contents = [
  'dist/extension.js',
  'dist/trainer.js',
  'dist/cli.js',
  'dist/node',
  'dist/webview',
  'l10n',
  'media',
  'models/efficientnet_lite0',
  'samples',
];
const papers = ['.vscodeignore', 'README.md', 'CHANGELOG.md', 'LICENSE', 'THIRD_PARTY_NOTICES.md'];

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const { values } = parseArgs({ options: { target: { type: 'string', multiple: true }, 'no-build': { type: 'boolean' } } });
const chosen = values.target ?? [`${process.platform}-${process.arch}`];
for (const target of chosen)
  if (!targets.includes(target)) throw new Error(`There is no package for ${target}, but for ${targets.join(', ')}.`);

if (!values['no-build']) await node(['scripts/build.mjs']);
await bundledModel();
for (const target of chosen) await pack(target);

async function pack(target) {
  heading(`Packing for ${target}`);
  const stage = path.join(root, 'dist/stage', target);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  for (const name of [...contents, ...papers, ...localized()])
    if (existsSync(path.join(root, name))) cpSync(path.join(root, name), path.join(stage, name), { recursive: true });
  await installNatives(stage, target);

  const file = path.join(root, `dist/thaw-${target}-${manifest.version}.vsix`);
  await createVSIX({ cwd: stage, target, packagePath: file, allowMissingRepository: true, rewriteRelativeLinks: false });
  const size = statSync(file).size;
  if (size > largest) throw new Error(`${file} has ${(size / 1e6).toFixed(0)} MB, over the limit of ${largest / 1e6} MB`);
  rmSync(stage, { recursive: true });
  console.log(`${path.relative(root, file)}  ${(size / 1e6).toFixed(1)} MB`);
}

/** package.nls.json and its translations. */
function localized() {
  return readdirSync(root).filter((name) => /^package\.nls(\..+)?\.json$/.test(name));
}

/** Fills node_modules of the staging folder as npm on that platform would, by our lock file, then drops what is not needed to run. */
async function installNatives(stage, target) {
  const [os, cpu] = target.split('-');
  const runtime = runtimeOf(target);
  const { scripts: _scripts, devDependencies: _development, optionalDependencies: optional, allowScripts: _allowed, ...shipped } = manifest;
  const { 'onnxruntime-node': native, ...others } = shipped.dependencies;
  const dependencies = { ...others, [runtime]: runtime === 'onnxruntime-node' ? native : optional[runtime] };
  writeFileSync(path.join(stage, 'package.json'), JSON.stringify({ ...shipped, dependencies }, null, 2));
  cpSync(path.join(root, 'package-lock.json'), path.join(stage, 'package-lock.json'));
  await npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', `--os=${os}`, `--cpu=${cpu}`, '--libc=glibc'], {
    cwd: stage,
  });
  rmSync(path.join(stage, 'package-lock.json'));

  const modules = path.join(stage, 'node_modules');
  const wanted = [runtime, ...runtimePackages];
  for (const name of readdirSync(modules)) if (!wanted.includes(name)) rmSync(path.join(modules, name), { recursive: true });
  for (const name of wanted) if (!existsSync(path.join(modules, name))) throw new Error(`${name} was not installed for ${target}`);
  if (runtime === 'onnxruntime-node') {
    keepOnly(path.join(modules, runtime, 'bin/napi-v6'), os);
    keepOnly(path.join(modules, runtime, 'bin/napi-v6', os), cpu);
  } else {
    keepOnly(path.join(modules, runtime), 'dist', 'package.json', 'README.md');
    keepOnly(path.join(modules, runtime, 'dist'), ...webFiles);
  }
  const pictures = readdirSync(path.join(modules, '@img')).filter((name) => name !== 'colour');
  if (pictures.length === 0 || !pictures.every((name) => name.endsWith(target)))
    throw new Error(`sharp's native parts for ${target} are not these: ${pictures.join(', ')}`);

  rmSync(path.join(modules, runtime, 'node_modules'), { recursive: true, force: true });
  // vsce asks npm which packages to take along; npm must not miss those that only an install script or a browser wants.
  const manifestOfRuntime = path.join(modules, runtime, 'package.json');
  const { dependencies: all, scripts: _, ...rest } = JSON.parse(readFileSync(manifestOfRuntime, 'utf8'));
  const kept = Object.entries(all).filter(([name]) => runtimePackages.includes(name));
  writeFileSync(manifestOfRuntime, JSON.stringify({ ...rest, dependencies: Object.fromEntries(kept) }, null, 2));
}

function keepOnly(folder, ...names) {
  for (const name of names) if (!existsSync(path.join(folder, name))) throw new Error(`${folder} has no ${name}`);
  for (const other of readdirSync(folder)) if (!names.includes(other)) rmSync(path.join(folder, other), { recursive: true });
}
