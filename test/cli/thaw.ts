import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll } from 'vitest';
import { type RunEvent, runEventSchema } from '../../src/protocol/events';

const root = path.resolve(__dirname, '../..');

/** Folders that go with the tests of the file that imports this. */
const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** Bundles of the terminal and of the child as the package has them, in a folder of their own. @returns that folder */
export async function bundled(): Promise<string> {
  const parent = path.join(root, 'test/.cache');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, 'bundles-'));
  made.push(folder);
  await promisify(execFile)(process.execPath, ['scripts/build.mjs', '--programs', folder], { cwd: root });
  return folder;
}

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
  /** stdout as one JSON document. */
  json: <T>() => T;
  /** stdout as events, one a line. */
  lines: () => RunEvent[];
}

/** Runs `thaw` to its end. */
export function thaw(bundles: string, cwd: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [path.join(bundles, 'cli.js'), ...args], {
    cwd,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({
        code,
        stdout,
        stderr,
        json: <T>() => JSON.parse(stdout) as T,
        lines: () =>
          stdout
            .split('\n')
            .filter(Boolean)
            .map((line) => runEventSchema.parse(JSON.parse(line))),
      }),
    );
  });
}

/** English, and no bundled models but those of a test. */
export function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, THAW_L10N: '', THAW_MODELS: path.join(tmpdir(), 'thaw-no-models'), ...more };
}

/** A folder that is gone after the tests. */
export function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'thaw-test-'));
  made.push(folder);
  return folder;
}

/** Small pictures of two kinds that a network tells apart at a glance: light ones and dark ones. */
export async function pictures(folder: string, count: number, classes = ['dark', 'light']): Promise<string> {
  for (const [k, name] of classes.entries()) {
    mkdirSync(path.join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) await picture(path.join(folder, name, `${i}.png`), k, i);
  }
  return folder;
}

export async function picture(file: string, kind: number, seed: number): Promise<void> {
  const data = Buffer.alloc(24 * 24 * 3, 0);
  for (let i = 0; i < data.length; i++) data[i] = 40 + kind * 140 + ((i * 31 + seed * 101 + ((i * seed) % 53)) % 60);
  await sharp(data, { raw: { width: 24, height: 24, channels: 3 } })
    .png()
    .toFile(file);
}

/** A link back up, where the system allows links. */
export function loop(folder: string): void {
  symlinkSync('..', path.join(folder, 'again'), 'dir');
}
