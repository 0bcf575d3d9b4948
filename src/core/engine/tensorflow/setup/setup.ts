import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { takeFromWheel } from './fromWheel';
import { cannot, refuseEnd, type SetupOptions, throwIfAborted } from './parts';
import { runProgram } from './runProgram';

export type { SetupOptions } from './parts';

const packages = ['@tensorflow/tfjs-node@4.22.0', 'node-api-headers@1.6.0'];

/** Its own download is some 200 MB. */
const downloadMs = 15 * 60_000;

const check = `
  require('node:util').isNullOrUndefined = (value) => value == null;
  const tf = require('node:module').createRequire(process.argv[1] + '/package.json')('@tensorflow/tfjs-node');
  if (tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])).dataSync()[0] !== 3) process.exit(1);`;
const calm = { TF_CPP_MIN_LOG_LEVEL: '3', TF_ENABLE_ONEDNN_OPTS: '0', ELECTRON_RUN_AS_NODE: '1' };

/** Whether tfjs-node in a folder's node_modules can be loaded and computes. */
export async function tensorflowWorks(folder: string, options: SetupOptions = {}): Promise<boolean> {
  if (!existsSync(path.join(folder, 'node_modules'))) return false;
  const { code } = await runProgram(process.execPath, ['-e', check, folder], { ...options, cwd: folder, env: calm, timeout: 120_000 });
  return code === 0;
}

/**
 * Puts @tensorflow/tfjs-node into a folder: by its own downloads, or where these are out of reach, on linux-x64, with
 * TensorFlow's library from PyPI and the addon compiled from the package's source. All is done beside the folder, which
 * appears when it works; what was there before stays if it does not.
 * @throws ThawError `engine.missing` with the cause and what was printed, `io.diskFull`, `interrupted`
 */
export async function setupTensorflow(folder: string, options: SetupOptions = {}): Promise<void> {
  const staging = `${folder}.part-${process.pid}`;
  mkdirSync(path.dirname(folder), { recursive: true });
  removeLeftOvers(folder);
  try {
    mkdirSync(staging);
    writeFileSync(path.join(staging, 'package.json'), '{ "private": true }');
    await fetchPackages(staging, options);
    options.stage?.(l10n.t('Fetching TensorFlow’s own build…'));
    const rebuilt = await runProgram('npm', ['rebuild', '@tensorflow/tfjs-node'], { ...options, cwd: staging, timeout: downloadMs });
    refuseEnd(rebuilt, options.signal);
    if (rebuilt.code !== 0 || !(await tensorflowWorks(staging, options))) {
      throwIfAborted(options.signal);
      await takeFromWheel(staging, options);
      options.stage?.(l10n.t('Trying it out…'));
      if (!(await tensorflowWorks(staging, options))) {
        throwIfAborted(options.signal);
        throw cannot(
          l10n.t('TensorFlow was installed but does not start.'),
          l10n.t('The log says why. The engine "onnx" does the same work.'),
        );
      }
    }
    throwIfAborted(options.signal);
    const before = `${staging}-before`;
    if (existsSync(folder)) renameSync(folder, before);
    renameSync(staging, folder);
    rmSync(before, { recursive: true, force: true });
  } finally {
    rmSync(staging, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function fetchPackages(staging: string, options: SetupOptions): Promise<void> {
  options.stage?.(l10n.t('Fetching packages with npm…'));
  const version = await runProgram('npm', ['--version'], { signal: options.signal, cwd: staging });
  throwIfAborted(options.signal);
  if (version.code !== 0)
    throw cannot(
      l10n.t('npm was not found: it is what installs TensorFlow.'),
      l10n.t('Install Node.js, which brings npm along, and start the editor anew so that it finds it.'),
      version.output,
    );
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages];
  const installed = await runProgram('npm', args, { ...options, cwd: staging });
  refuseEnd(installed, options.signal);
  if (installed.code === 0) return;
  if (/\b(ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/.test(installed.output))
    throw cannot(
      l10n.t('npm could not reach its registry.'),
      l10n.t('Check the network, and the proxy or registry in npm’s settings, then try again.'),
      installed.output,
    );
  throw cannot(l10n.t('npm could not install @tensorflow/tfjs-node.'), l10n.t('What npm says is in the log.'), installed.output);
}

/** Half-made folders of processes that were killed. */
function removeLeftOvers(folder: string): void {
  const prefix = `${path.basename(folder)}.part-`;
  for (const name of readdirSync(path.dirname(folder))) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || (pid !== process.pid && isAlive(pid))) continue;
    rmSync(path.join(path.dirname(folder), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
