import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import { registerBroadcastGradients } from '../ops/broadcasts';
import * as tf from '../tf';

/** The name under which tfjs-node registers itself. */
export const backendName = 'tensorflow';

export interface TensorflowRuntime {
  readonly version: string;
  /** TensorFlow's threads are made once a process: as many as the first engine asked for. */
  readonly threads: number;
}

/** The package for NVIDIA's cards is taken where somebody installed it. */
const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/** No messages of TensorFlow's own on stderr, and no oneDNN, which sums in another order from machine to machine. */
const calm = { TF_CPP_MIN_LOG_LEVEL: '3', TF_ENABLE_ONEDNN_OPTS: '0' };

let loaded: TensorflowRuntime | undefined;

/**
 * Loads tfjs-node. It brings a tfjs-core of its own, but all copies of that share one engine and one list of kernels, kept
 * in a global: its backend appears in ours.
 * @throws ThawError `engine.missing`
 */
export function loadTensorflow(threads: number): TensorflowRuntime {
  if (loaded) return loaded;
  const file = installed();
  if (!file) throw missing(l10n.t('TensorFlow is not installed.'));
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  process.env.TF_NUM_INTEROP_THREADS = '1';
  Object.assign(process.env, calm);
  const before = tf.engine().backendName;
  try {
    const { version, backend } = quietly(() => requireNode(file));
    registerBroadcastGradients(); // it has put tfjs's own in their place
    loaded = { version: `${version['tfjs-node']} (TensorFlow ${backend().binding.TF_Version})`, threads };
    return loaded;
  } catch (error) {
    throw missing(l10n.t('TensorFlow cannot be loaded.'), error);
  } finally {
    if (before) void tf.setBackend(before);
  }
}

const probe = `
  require('node:util').isNullOrUndefined = (value) => value == null;
  const tf = require(process.argv[1]);
  console.log('version ' + tf.version['tfjs-node'] + ' (TensorFlow ' + tf.backend().binding.TF_Version + ')');`;

/** The version of what is installed; it is loaded in a process of its own, which it may crash or fill. */
export async function probeTensorflow(): Promise<string> {
  const file = installed();
  if (!file) throw missing(l10n.t('TensorFlow is not installed.'));
  const env = { ...process.env, ...calm, ELECTRON_RUN_AS_NODE: '1' };
  const options = { env, timeout: 60_000, windowsHide: true };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['-e', probe, file], options, (error, stdout) => {
      const version = /^version (.+)$/m.exec(stdout)?.[1];
      if (version) resolve(version);
      else reject(missing(l10n.t('TensorFlow cannot be loaded.'), error));
    });
  });
}

/** Main file of the package: from a folder of THAW_TENSORFLOW, beside Thaw's own packages, or from where the set-up puts it. */
function installed(): string | null {
  const root = packageRoot();
  for (const folder of [...named(), root, path.join(root, '.tensorflow')]) {
    const { resolve } = createRequire(path.join(path.resolve(folder), 'package.json'));
    for (const name of packages) {
      try {
        return resolve(name);
      } catch {} // the next one
    }
  }
  return null;
}

/** The folders of THAW_TENSORFLOW, as PATH would name several. */
const named = () => (process.env.THAW_TENSORFLOW ?? '').split(path.delimiter).filter(Boolean);

/** Whose node_modules hold TensorFlow; null where it is not installed. */
export function tensorflowFolder(): string | null {
  return installed()?.split(`${path.sep}node_modules${path.sep}`)[0] ?? null;
}

function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(path.join(folder, 'package.json')) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  return folder;
}

interface TfjsNode {
  readonly version: Readonly<Record<string, string>>;
  backend(): { readonly binding: { readonly TF_Version: string } };
}

/** Node 23 dropped a function that tfjs-node 4.22 calls. */
function requireNode(file: string): TfjsNode {
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
  return createRequire(file)(file) as TfjsNode;
}

/** The cpu backend that tfjs-node brings may be there already, and tfjs warns of each of its kernels. */
function quietly<T>(load: () => T): T {
  const { warn } = console;
  console.warn = () => {};
  try {
    return load();
  } finally {
    console.warn = warn;
  }
}

function missing(message: string, cause?: unknown): ThawError {
  const hint = l10n.t(
    'Install it: in VS Code by the command “Install TensorFlow Engine…”, elsewhere by "npm run setup:tensorflow" in the folder of Thaw. Or choose the engine "onnx": it is included.',
  );
  const detail = cause === undefined ? undefined : cause instanceof Error ? cause.message : String(cause);
  return new ThawError('engine.missing', message, hint, { detail, remedy: 'installTensorflow', cause });
}
