import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { availableEngines, createEngine } from '../../../src/core/engine';
import { ThawError } from '../../../src/protocol/failure';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'thaw-tensorflow-'));
  vi.stubEnv('THAW_TENSORFLOW', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A package as an installation would leave it, of one file. */
function install(name: string, code: string): void {
  const place = path.join(folder, 'node_modules/@tensorflow', name);
  mkdirSync(place, { recursive: true });
  writeFileSync(path.join(place, 'package.json'), JSON.stringify({ name: `@tensorflow/${name}`, main: 'index.js' }));
  writeFileSync(path.join(place, 'index.js'), code);
}
const working = (version: string) =>
  `exports.version = { 'tfjs-node': '${version}' }; exports.backend = () => ({ binding: { TF_Version: '2.9' } });`;
const facts = async () => (await availableEngines()).find(({ name }) => name === 'tensorflow');

it('finds TensorFlow where THAW_TENSORFLOW says', async () => {
  install('tfjs-node', working('4.5.6'));
  expect(await facts()).toEqual({ name: 'tensorflow', available: true, version: '4.5.6 (TensorFlow 2.9)' });
});

it('takes the package for graphics cards where it is installed', async () => {
  install('tfjs-node', working('4.5.6'));
  install('tfjs-node-gpu', working('7.8.9'));
  expect(await facts()).toMatchObject({ version: '7.8.9 (TensorFlow 2.9)' });
});

it.each([
  ['a damaged library', `require('./binding.node')`],
  ['a library for another Node', `throw new Error('The module was compiled against a different Node.js version')`],
])('names %s', async (_, code) => {
  install('tfjs-node', code);
  writeFileSync(path.join(folder, 'node_modules/@tensorflow/tfjs-node/binding.node'), 'half of a file');
  expect(await facts()).toMatchObject({ available: false, reason: 'TensorFlow cannot be loaded.' });
  const error = await createEngine('tensorflow', { threads: 1 }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ThawError);
  expect((error as ThawError).failure).toMatchObject({ code: 'engine.missing', hint: expect.stringContaining('setup:tensorflow') });
});

it('survives a library that takes its process down', async () => {
  install('tfjs-node', `process.kill(process.pid, 'SIGSEGV')`);
  expect(await facts()).toMatchObject({ available: false, reason: 'TensorFlow cannot be loaded.' });
});
