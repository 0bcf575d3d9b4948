import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { cannot, refuseEnd, type SetupOptions } from './parts';
import { runProgram } from './runProgram';

/** Its library serves the C interface that the addon was written for. */
const wheel = {
  requirement: 'tensorflow-cpu==2.21.0',
  sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
  python: '3.12',
  platform: 'manylinux_2_27_x86_64',
};
const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** The wheel is a zip: only the library and its headers are wanted. */
const unpack = `
import pathlib, sys, zipfile
folder = pathlib.Path(sys.argv[1])
archive = zipfile.ZipFile(next(folder.glob("*.whl")))
wanted = ("tensorflow/libtensorflow_", "tensorflow/include/")
archive.extractall(folder, [name for name in archive.namelist() if name.startswith(wanted)])`;

/**
 * Completes tfjs-node in `staging` with TensorFlow's library from PyPI, checked by SHA-256, and the addon compiled here.
 * @throws ThawError `engine.missing`, `io.diskFull`, `interrupted`
 */
export async function takeFromWheel(staging: string, options: SetupOptions): Promise<void> {
  const system = `${process.platform}-${process.arch}`;
  if (system !== 'linux-x64')
    throw cannot(
      l10n.t('TensorFlow’s own build could not be fetched, and there is no other way on {0}.', system),
      l10n.t('Check the network and try again; if there is no build for this system, the engine "onnx" does the same work.'),
    );
  const at = (...parts: string[]) => path.join(staging, ...parts);
  const run = async (command: string, args: string[], failed: string, hint: string) => {
    const ended = await runProgram(command, args, { ...options, cwd: staging });
    refuseEnd(ended, options.signal);
    if (ended.code !== 0) throw cannot(failed, hint, ended.output);
  };

  options.stage?.(l10n.t('Fetching TensorFlow’s library from PyPI (250 MB)…'));
  writeFileSync(at('requirements.txt'), `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
  const target = ['--only-binary=:all:', '--python-version', wheel.python, '--platform', wheel.platform];
  await run(
    'python3',
    ['-m', 'pip', 'download', '-q', '--no-deps', '--require-hashes', ...target, '-r', at('requirements.txt'), '-d', at('wheel')],
    l10n.t('TensorFlow’s own build could not be fetched, nor its library from PyPI.'),
    l10n.t('The second way needs python3 with pip, and the network. What they say is in the log.'),
  );
  const addon = at('node_modules/@tensorflow/tfjs-node');
  const deps = path.join(addon, 'deps/lib');
  for (const made of [deps, path.join(addon, 'lib/napi-v8')]) {
    rmSync(made, { recursive: true, force: true });
    mkdirSync(made, { recursive: true });
  }
  const unpacking = l10n.t('TensorFlow’s library could not be unpacked.');
  await run('python3', ['-c', unpack, at('wheel')], unpacking, l10n.t('What Python says is in the log.'));
  for (const library of libraries) renameSync(at('wheel/tensorflow', library), path.join(deps, library));

  options.stage?.(l10n.t('Compiling the addon…'));
  const includes = [addon, path.join(addon, 'binding'), at('wheel/tensorflow/include'), at('node_modules/node-api-headers/include')];
  await run(
    'g++',
    [
      ...['-O2', '-fPIC', '-shared', '-std=c++17', '-DNAPI_VERSION=8', ...includes.map((include) => `-I${include}`)],
      ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((source) => path.join(addon, 'binding', source)),
      ...['-o', path.join(addon, 'lib/napi-v8/tfjs_binding.node'), `-L${deps}`, ...libraries.map((library) => `-l:${library}`)],
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ],
    l10n.t('The addon that connects TensorFlow could not be compiled.'),
    l10n.t('This takes g++ (Debian and Ubuntu: the package "g++"). What it says is in the log.'),
  );
  rmSync(at('wheel'), { recursive: true });
}
