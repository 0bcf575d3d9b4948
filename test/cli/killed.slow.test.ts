import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random';
import { readRun } from '../../src/core/runs';
import { bundled, environment, pictures, temporary, thaw } from './thaw';

const epochs = 15;
let bundles: string;
let work: string;
let args: string[];
let whole: Buffer;
/** Of the undisturbed run, from its first event to its last, in milliseconds. */
let took: number;

const weights = (run: string) => readFileSync(path.join(run, 'model/model.safetensors'));

beforeAll(async () => {
  bundles = await bundled();
  work = temporary();
  const photos = await pictures(path.join(work, 'photos'), 16);
  args = [
    'train',
    photos,
    '--model',
    'convnet_small',
    '--image-size',
    '32',
    '--batch-size',
    '8',
    '--epochs',
    String(epochs),
    '--seed',
    '5',
    '--json',
  ];
  const undisturbed = await thaw(bundles, work, [...args, '--out', 'whole']);
  expect(undisturbed.code, undisturbed.stderr).toBe(0);
  const events = undisturbed.lines();
  took = (events.at(-1)?.time ?? 0) - (events[0]?.time ?? 0);
  whole = weights(path.join(work, 'whole'));
}, 120_000);

const points = new RandomStream(1, 'kills');
it.each(Array.from({ length: 4 }, (_, i) => [i, points.uniform()] as const))(
  'a run killed at a random point (%i: %f of its way) goes on to the same weights, byte for byte',
  async (i, share) => {
    const run = path.join(work, `killed ${i}`);
    const child = spawn(process.execPath, [path.join(bundles, 'cli.js'), ...args, '--out', run], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.resume();
    await new Promise((resolve) => setTimeout(resolve, share * took));
    child.kill('SIGKILL');
    await exit;
    const resumed = await thaw(bundles, work, ['resume', run, '--json']);
    if (resumed.code !== 0) expect(resumed.stdout, resumed.stderr).toContain('finished'); // it was quicker than the signal
    expect(weights(run).equals(whole)).toBe(true);
    const { events } = await readRun(run);
    expect(events.filter((event) => event.type === 'epoch').map((event) => event.epoch)).toEqual(
      Array.from({ length: epochs }, (_, e) => e + 1),
    );
    expect(events.at(-1)?.type).toBe('finished');
  },
);
