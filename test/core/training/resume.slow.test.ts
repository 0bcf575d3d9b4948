import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { RandomStream } from '../../../src/core/random';
import { readRun } from '../../../src/core/runs';
import type { RunHandle } from '../../../src/core/training';
import type { RunEvent } from '../../../src/protocol/events';
import type { RunConfig } from '../../../src/protocol/runConfig';
import { expectFrozen } from './frozen';
import { begin, configFor, finished, newFolder, of, pictures, resume, weightsHash } from './harness';
import { expectSameAfterPauses } from './resumed';

let data: string;
beforeAll(async () => {
  data = await pictures();
});

test.each(['none', 'flip', 'standard'] as const)(
  'a run that ends in mid-epoch and is resumed gives the same bytes: %s',
  async (augmentation) => {
    const config = configFor(data, { augmentation, phases: [{ epochs: 6, learningRate: 0.01, rules: ['stages.3.**', 'classifier.**'] }] });
    await expectSameAfterPauses(config, [1, 6, 11, 16]);
  },
);

test('frozen and thawed at any time: layers frozen and thawed in mid-run: recorded, kept by name, and replayed to the same bytes', async () => {
  const config = configFor(data, { phases: [{ epochs: 5, learningRate: 0.01, rules: ['**'] }], batchSize: 6 });
  const toggles: Record<number, string[]> = { 3: ['classifier.**'], 11: ['stages.2.**', 'classifier.**'], 14: ['**'] };
  const freezing = Object.fromEntries(Object.entries(toggles).map(([step, rules]) => [step, (handle: RunHandle) => handle.freeze(rules)]));
  const whole = await finished(config, { after: freezing });
  expect(of(whole.events, 'freeze').map(({ step, trainable }) => [step, trainable])).toEqual(
    Object.entries(toggles).map(([s, r]) => [Number(s), r]),
  );
  expect((await whole.handle.done).type).toBe('finished');
  for (const end of [2, 5, 13]) {
    const cut = await begin(config, { after: { ...freezing, [end]: (handle) => handle.checkpointAndEnd() } });
    expect((await cut.handle.done).type).toBe('paused');
    const second = await resume(cut.folder, { after: freezing });
    expect((await second.handle.done).type).toBe('finished');
    expect(weightsHash(cut.folder)).toBe(weightsHash(whole.folder));
  }
});
test.each([
  ['top', ['stages.2.**', 'stages.3.**', 'classifier.**']],
  ['one bias', ['stages.1.bn2.bias']],
  ['the norms alone', ['**.bn1.*']],
])('what is frozen keeps its bytes, and what learns does not: %s', async (_, rules) => {
  await expectFrozen(configFor(data, { phases: [{ epochs: 1, learningRate: 0.01, rules }] }));
});

/** The child's source in one file, beside node_modules so that the native parts are found. */
async function bundledChild(): Promise<string> {
  const outfile = join(import.meta.dirname, '../../../test/.cache/trainingChild.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'child.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['onnxruntime-node', 'onnxruntime-web', 'sharp'],
    logLevel: 'silent',
  });
  return outfile;
}

/** Trains in a process of its own, which is killed some time after its first step. @returns whether it got to the end. */
async function trainAndKill(child: string, mode: 'begin' | 'resume', folder: string, config: RunConfig, afterMs: number): Promise<boolean> {
  const process = spawn('node', [child, mode, folder, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let over = false;
  createInterface({ input: process.stdout }).on('line', (line) => {
    const { type } = JSON.parse(line) as RunEvent;
    if (type === 'finished' || type === 'failed') over = true;
    if (type === 'phase' || type === 'resumed') setTimeout(() => process.kill('SIGKILL'), afterMs);
  });
  await new Promise((resolve) => process.once('exit', resolve));
  return over;
}

test.each([
  ['the last stage', 'flip', ['stages.3.**', 'classifier.**'], {}],
  ['all layers', 'standard', ['**'], {}],
  ['updates from three batches', 'none', ['stages.3.**', 'classifier.**'], { batchSize: 4, gradientAccumulation: 3, gradientClipping: 1 }],
] as const)('killed at random points, the run ends with the same bytes: %s', async (_, augmentation, rules, more) => {
  const child = await bundledChild();
  const config = configFor(data, { augmentation, phases: [{ epochs: 40, learningRate: 0.003, rules: [...rules] }], ...more });
  const whole = await finished(config);
  const folder = join(newFolder(), 'run');
  const random = new RandomStream(1, 'kill', augmentation);
  let kills = 0;
  let mode: 'begin' | 'resume' = 'begin';
  while (!(await trainAndKill(child, mode, folder, config, kills < 10 ? 50 + random.integer(500) : 1e6))) {
    mode = 'resume';
    kills++;
  }
  expect(kills).toBeGreaterThanOrEqual(5);
  expect(weightsHash(folder)).toBe(weightsHash(whole.folder));
  const { events } = await readRun(folder);
  expect(events.map((e) => e.seq)).toEqual(events.map((_, i) => i + 1));
  expect(of(events, 'epoch').map((e) => [e.epoch, e.train, e.validation])).toEqual(
    of(whole.events, 'epoch').map((e) => [e.epoch, e.train, e.validation]),
  );
});
