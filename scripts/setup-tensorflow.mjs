// npm run setup:tensorflow: puts @tensorflow/tfjs-node into .tensorflow/, where the engine "tensorflow" looks for it.
// Its own downloads come first. Where these are out of reach, on linux-x64, TensorFlow's library comes from PyPI and the
// addon is compiled from the npm package's source; that takes python3 with pip, g++ and about 2 GB of disk meanwhile.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { heading, node, npm, root, run } from './steps.mjs';

const folder = path.join(root, '.tensorflow');
/** Renamed to `folder` when it works, so that no half of one is ever found. */
const staging = path.join(root, '.tensorflow.part');

const packages = ['@tensorflow/tfjs-node@4.22.0', 'node-api-headers@1.6.0'];
/** Its library serves the C interface that the addon was written for. */
const wheel = {
  requirement: 'tensorflow-cpu==2.21.0',
  sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
  python: '3.12',
  platform: 'manylinux_2_27_x86_64',
};
const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

const calm = { TF_CPP_MIN_LOG_LEVEL: '3', TF_ENABLE_ONEDNN_OPTS: '0' };
const check = `
  require('node:util').isNullOrUndefined = (value) => value == null;
  const tf = require('node:module').createRequire(process.argv[1] + '/package.json')('@tensorflow/tfjs-node');
  if (tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])).dataSync()[0] !== 3) process.exit(1);`;
const works = (place) =>
  node(['-e', check, place], { env: calm, quiet: true }).then(
    () => true,
    () => false,
  );

/** Sets it up where it is missing. Returns null when it works, else why it doesn't, in words. */
export async function setupTensorflow() {
  if (await works(folder)) return null;
  heading('Setting up TensorFlow');
  try {
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging);
    writeFileSync(path.join(staging, 'package.json'), '{ "private": true }');
    await npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], { cwd: staging });
    if (!(await ownDownloads())) await fromWheel();
    if (!(await works(staging))) return 'it was installed but does not start';
    rmSync(folder, { recursive: true, force: true });
    renameSync(staging, folder);
    return null;
  } catch (error) {
    return error.message;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** What the package's own install script fetches: libtensorflow and the compiled addon. */
async function ownDownloads() {
  const fetched = await npm(['rebuild', '@tensorflow/tfjs-node'], { cwd: staging, quiet: true, timeout: 300_000 }).then(
    () => true,
    () => false,
  );
  return fetched && (await works(staging));
}

async function fromWheel() {
  const system = `${process.platform}-${process.arch}`;
  if (system !== 'linux-x64') throw new Error(`the downloads of @tensorflow/tfjs-node failed, and there is no other way on ${system}`);
  console.log('Its own downloads are out of reach: taking the library from PyPI.');
  const at = (...parts) => path.join(staging, ...parts);
  writeFileSync(at('requirements.txt'), `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
  const target = ['--only-binary=:all:', '--python-version', wheel.python, '--platform', wheel.platform];
  await run('python3', ['-m', 'pip', 'download', '-q', '--no-deps', '--require-hashes', ...target, '-r', at('requirements.txt'), '-d', at('wheel')]); // biome-ignore format: one command
  const addon = at('node_modules/@tensorflow/tfjs-node');
  const deps = path.join(addon, 'deps/lib');
  for (const made of [deps, path.join(addon, 'lib/napi-v8')]) {
    rmSync(made, { recursive: true, force: true });
    mkdirSync(made, { recursive: true });
  }
  await run('python3', ['-c', unpack, at('wheel')]);
  for (const library of libraries) renameSync(at('wheel/tensorflow', library), path.join(deps, library));
  const includes = [addon, path.join(addon, 'binding'), at('wheel/tensorflow/include'), at('node_modules/node-api-headers/include')];
  await run('g++', [
    ...['-O2', '-fPIC', '-shared', '-std=c++17', '-DNAPI_VERSION=8', ...includes.map((include) => `-I${include}`)],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((source) => path.join(addon, 'binding', source)),
    ...['-o', path.join(addon, 'lib/napi-v8/tfjs_binding.node'), `-L${deps}`, ...libraries.map((library) => `-l:${library}`)],
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  ]);
  rmSync(at('wheel'), { recursive: true });
}

/** The wheel is a zip: only the library and its headers are wanted. */
const unpack = `
import pathlib, sys, zipfile
folder = pathlib.Path(sys.argv[1])
archive = zipfile.ZipFile(next(folder.glob("*.whl")))
wanted = ("tensorflow/libtensorflow_", "tensorflow/include/")
archive.extractall(folder, [name for name in archive.namelist() if name.startswith(wanted)])`;

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problem = await setupTensorflow();
  console.log(problem ? `TensorFlow could not be set up: ${problem}.` : 'TensorFlow is set up: thaw train --engine tensorflow');
  process.exitCode = problem ? 1 : 0;
}
