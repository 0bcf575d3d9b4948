// What the scripts share: where the project is, and how they run other programs.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** A program ended with another code than 0. */
export class CommandFailed extends Error {}

const bold = (text) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[22m` : text);

export function heading(text) {
  console.log(`\n${bold(`── ${text}`)}`);
}

/**
 * Runs a program in the project's folder, its output going to ours; never with our stdin.
 * @param {string} command
 * @param {string[]} args
 * @param {{env?: Record<string, string>, cwd?: string, shell?: boolean, quiet?: boolean, timeout?: number}} options
 *   `quiet` drops its output; `timeout` in ms
 */
export async function run(command, args, { env = {}, cwd = root, shell = false, quiet = false, timeout } = {}) {
  const output = quiet ? 'ignore' : 'inherit';
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, shell, timeout, stdio: ['ignore', output, output] });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? signal));
  });
  if (code !== 0) throw new CommandFailed(`${path.basename(command)} ${args.slice(0, 3).join(' ')} ended with ${code}`);
}

/** Runs a script or a package's program with the Node that runs this. */
export const node = (args, options) => run(process.execPath, args, options);

/** npm is `npm.cmd` on Windows, which only a shell can start. */
export const npm = (args, options = {}) =>
  run('npm', args, { ...options, shell: process.platform === 'win32', env: { ONNXRUNTIME_NODE_INSTALL: 'skip', ...options.env } });

/** The file behind a package's program, as in `npx name`. */
export function program(packageName, name = packageName) {
  const manifest = createRequire(path.join(root, 'package.json')).resolve(`${packageName}/package.json`);
  const { bin } = createRequire(manifest)(manifest);
  return path.join(path.dirname(manifest), typeof bin === 'string' ? bin : bin[name]);
}

/** Seconds since `start` for people. */
export const seconds = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;
