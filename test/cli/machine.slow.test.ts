import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { doctorSchema } from '../../src/protocol/assistant';
import type { Failure } from '../../src/protocol/failure';
import { bundled, environment, pictures, temporary, thaw } from './thaw';

let bundles: string;
let work: string;
beforeAll(async () => {
  bundles = await bundled();
  work = temporary();
}, 120_000);

const own = (folder: string) => ({ XDG_CACHE_HOME: folder, LOCALAPPDATA: folder });

it('doctor tells how fast each engine and device is', async () => {
  const { stdout, stderr, code } = await thaw(bundles, work, ['doctor', '--json'], own(work));
  expect(code, stderr).toBe(0);
  const { engines } = doctorSchema.parse(JSON.parse(stdout));
  expect(engines.map(({ name }) => name)).toEqual(['onnx', 'tensorflow']);
  for (const { available, stepMilliseconds, reason } of [...engines, ...(engines[0]?.devices ?? [])]) {
    if (available) expect(stepMilliseconds).toBeGreaterThan(0);
    else expect(reason).toBeTruthy();
  }
  expect(engines[0]).toMatchObject({
    available: true,
    devices: [{ name: 'cpu', available: true }, ...Array(engines[0]!.devices!.length - 1).fill({})],
  });
});

/** Bundles with packages of their own: onnxruntime's native library was cut off in the middle of an update. */
function damaged(...others: string[]): string {
  const folder = temporary();
  cpSync(bundles, folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{}');
  const { resolve } = createRequire(__filename);
  const modules = (name: string) => resolve(name).split(`${path.sep}node_modules${path.sep}`)[0] as string;
  const from = path.join(modules('onnxruntime-node'), 'node_modules');
  cpSync(path.join(from, 'onnxruntime-node'), path.join(folder, 'node_modules/onnxruntime-node'), { recursive: true });
  for (const name of ['onnxruntime-common', 'sharp', '@img', 'detect-libc', 'semver', ...others])
    symlinkSync(path.join(from, name), path.join(folder, 'node_modules', name), 'junction');
  const natives = path.join(folder, 'node_modules/onnxruntime-node/bin/napi-v6', process.platform, process.arch);
  for (const name of readdirSync(natives)) truncateSync(path.join(natives, name), 4096);
  return folder;
}

it('a damaged native library is named, and nothing is written', async () => {
  const broken = damaged();
  const { stdout } = await thaw(broken, work, ['doctor', '--json'], own(work));
  expect(doctorSchema.parse(JSON.parse(stdout)).engines[0]).toMatchObject({
    available: false,
    reason: expect.stringContaining('onnxruntime'),
  });

  const photos = await pictures(path.join(work, 'photos'), 6);
  const outcome = await thaw(broken, work, ['train', photos, '--model', 'convnet_small', '--out', 'run', '--json']);
  expect(outcome.code).toBe(4);
  const { error } = outcome.json<{ error: Failure }>();
  expect(error).toMatchObject({ code: 'engine.missing', hint: expect.stringContaining('Install Thaw again') });
  expect(readdirSync(work)).not.toContain('run');
});

it('with WebAssembly beside it, a run goes on in that and says why', async () => {
  const broken = damaged('onnxruntime-web');
  const photos = await pictures(path.join(work, 'photos'), 6);
  const small = ['--model', 'convnet_small', '--epochs', '1', '--image-size', '32', '--augment', 'none', '--threads', '256'];
  const outcome = await thaw(broken, work, ['train', photos, ...small, '--out', 'slow', '--json']);
  expect(outcome.code, outcome.stderr).toBe(0);
  const events = outcome.lines();
  expect(events.at(-1)?.type).toBe('finished');
  expect(events.flatMap((event) => (event.type === 'warning' ? [event.code] : []))).toEqual(['engine.fallback', 'engine.threads']);
});

const limiter = spawnSync('prlimit', ['--version']).status === 0;
it.skipIf(!limiter)('a run for which there is not enough memory says so, and can be resumed where there is', async () => {
  const photos = await pictures(path.join(work, 'many photos'), 64);
  const small = ['--model', 'convnet_small', '--epochs', '1', '--image-size', '352', '--batch-size', '80', '--threads', '1'];
  const args = [path.join(bundles, 'cli.js'), 'train', photos, ...small, '--out', 'large', '--json'];
  const lean = { ...environment(own(work)), MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '1', VIPS_CONCURRENCY: '1' };
  const limited = spawnSync('prlimit', ['--as=2500000000', process.execPath, ...args], { cwd: work, env: lean, encoding: 'utf8' });
  expect(limited.status, limited.stderr).toBe(4);
  const last = limited.stdout.trimEnd().split('\n').at(-1) as string;
  expect(JSON.parse(last)).toMatchObject({
    type: 'failed',
    error: { code: 'engine.outOfMemory', hint: expect.stringContaining('smaller batch') },
  });
  const resumed = await thaw(bundles, work, ['resume', 'large', '--json']);
  expect(resumed.lines().at(-1)?.type, resumed.stderr).toBe('finished');
});
