import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setupTensorflow, tensorflowWorks } from '../../../src/core/engine/tensorflow/setup/setup';
import { failureOf } from '../../failures';

let root: string;
let folder: string;
const stages: string[] = [];
const log: string[] = [];

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'thaw-setup-'));
  folder = path.join(root, 'storage/tensorflow');
  mkdirSync(path.join(root, 'bin'));
  symlinkSync(process.execPath, path.join(root, 'bin/node'));
  for (const tool of ['sh', 'mkdir', 'cat', 'sleep'])
    for (const place of ['/bin', '/usr/bin'])
      if (existsSync(path.join(place, tool)) && !existsSync(path.join(root, 'bin', tool)))
        symlinkSync(path.join(place, tool), path.join(root, 'bin', tool));
  vi.stubEnv('PATH', path.join(root, 'bin'));
  stages.length = log.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** A program of this name on the PATH, in the shell's language. */
function program(name: string, script: string): void {
  const file = path.join(root, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}
/** An npm that knows its version, and does this on `install` and on `rebuild`. */
const npm = (install: string, rebuild = 'true') =>
  program('npm', `case "$1" in --version) echo 10.0.0 ;; install) ${install} ;; rebuild) ${rebuild} ;; esac`);
/** Makes a package whose backend computes, or does not. */
const packageOf = (product: number) => `P=node_modules/@tensorflow/tfjs-node; mkdir -p $P
  echo '{"name":"@tensorflow/tfjs-node","main":"index.js"}' > $P/package.json
  echo 'exports.ones = () => 0; exports.matMul = () => ({ dataSync: () => [${product}] });' > $P/index.js`;

const install = (signal?: AbortSignal) =>
  setupTensorflow(folder, { signal, stage: (text) => stages.push(text), log: (line) => log.push(line) });
const leftOver = () => readdirSync(path.join(root, 'storage'));

describe.skipIf(process.platform === 'win32')('setupTensorflow', () => {
  it('puts there what works, and says what it does', async () => {
    npm(`${packageOf(3)}; echo fetched`);
    await install();
    expect(leftOver()).toEqual(['tensorflow']);
    expect(await tensorflowWorks(folder)).toBe(true);
    expect(stages.length).toBeGreaterThanOrEqual(2);
    expect(log).toContain('fetched');
  });

  it('replaces what was there only when the new one works', async () => {
    npm(packageOf(3));
    await install();
    const marker = path.join(folder, 'before');
    writeFileSync(marker, '');
    npm('echo broken; exit 1');
    await failureOf(install());
    expect(existsSync(marker)).toBe(true);
    npm(packageOf(3));
    await install();
    expect(existsSync(marker)).toBe(false);
    expect(leftOver()).toEqual(['tensorflow']);
  });

  it('says that npm is missing', async () => {
    expect(await failureOf(install())).toMatchObject({ code: 'engine.missing', message: expect.stringContaining('npm was not found') });
    expect(leftOver()).toEqual([]);
  });

  it.each([
    ['npm error code ENOTFOUND', 'engine.missing', 'registry'],
    ['npm error code ENOSPC', 'io.diskFull', 'full'],
    ['npm error code E404', 'engine.missing', 'could not install'],
  ])('says why npm failed: %s', async (printed, code, word) => {
    npm(`echo "${printed}" >&2; exit 1`);
    const found = await failureOf(install());
    expect(found).toMatchObject({ code, message: expect.stringContaining(word), detail: expect.stringContaining(printed) });
    expect(leftOver()).toEqual([]);
  });

  it.runIf(process.platform === 'linux' && process.arch === 'x64')('says which part of the second way failed', async () => {
    npm(packageOf(4), 'exit 1');
    program('python3', 'echo "no matching distribution" >&2; exit 1');
    const pip = await failureOf(install());
    expect(pip).toMatchObject({ message: expect.stringContaining('PyPI'), detail: expect.stringContaining('no matching distribution') });
    const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((name) => `echo x > wheel/tensorflow/${name}`);
    program('python3', `mkdir -p wheel/tensorflow; ${libraries.join('; ')}`);
    const compiler = await failureOf(install());
    expect(compiler).toMatchObject({ message: expect.stringContaining('compiled'), hint: expect.stringContaining('g++') });
    program('g++', 'true');
    expect(await failureOf(install())).toMatchObject({ message: expect.stringContaining('does not start') });
    expect(leftOver()).toEqual([]);
  });

  it('when it is cancelled, ends what it started and leaves nothing', async () => {
    npm(`echo $$ > ${path.join(root, 'pid')}; sleep 60 & sleep 60`);
    const controller = new AbortController();
    const installing = install(controller.signal);
    await vi.waitFor(() => expect(readFileSync(path.join(root, 'pid'), 'utf8')).toMatch(/\d/), { timeout: 10_000 });
    controller.abort();
    expect(await failureOf(installing)).toMatchObject({ code: 'interrupted' });
    expect(leftOver()).toEqual([]);
    const group = -Number(readFileSync(path.join(root, 'pid'), 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(group, 0)).toThrow(), { timeout: 5_000 });
  });

  it('removes what a killed process left half made', async () => {
    mkdirSync(`${folder}.part-999999999`, { recursive: true });
    npm(packageOf(3));
    await install();
    expect(leftOver()).toEqual(['tensorflow']);
  });
});
