import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createEngine, type TensorData } from '../../../src/core/engine';
import { Dropout, initialTensors, Linear, rooted, Sequential } from '../../../src/core/nn';
import { readRun } from '../../../src/core/runs';
import { select } from '../../../src/core/training/selection';
import { Slots, slotKinds } from '../../../src/core/training/slots';
import { Stage } from '../../../src/core/training/stage';
import { readSafetensors } from '../../../src/core/weights';
import { optimizerSchema, type RunConfigInput } from '../../../src/protocol/runConfig';
import { begin, configFor, finished, of, pictures, resume, weightsHash } from './harness';

let data: string;
beforeAll(async () => {
  data = await pictures();
});

const weightsOf = (folder: string) => readSafetensors(join(folder, 'model', 'model.safetensors'));
function differences(a: ReadonlyMap<string, TensorData>, b: ReadonlyMap<string, TensorData>): number[] {
  return [...a].flatMap(([name, { data }]) => Array.from(data, (value, i) => value - (b.get(name)?.data[i] as number)));
}

const head: Partial<RunConfigInput> = {
  phases: [{ epochs: 2, learningRate: 0.1, rules: ['classifier.**'] }],
  optimizer: { name: 'sgd', momentum: 0.9 },
  augmentation: 'none',
};

test('updates from 2 × 8 pictures are those from 16, also the last of an epoch, which has fewer', async () => {
  const few = await pictures(20); // 40 to learn from: 16, 16 and 8
  const whole = await finished(configFor(few, { ...head, batchSize: 16 }));
  const parts = await finished(configFor(few, { ...head, batchSize: 8, gradientAccumulation: 2 }));
  const apart = differences(await weightsOf(whole.folder), await weightsOf(parts.folder));
  expect(apart.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeLessThan(1e-6);
  const [wide, narrow] = [whole, parts].map(({ events }) => of(events, 'epoch'));
  expect(narrow?.map(({ step }) => step)).toEqual([3, 6]);
  narrow?.forEach(({ train, validation }, i) => {
    expect(train.loss).toBeCloseTo(wide?.[i]?.train.loss as number, 5);
    expect(train.accuracy).toBe(wide?.[i]?.train.accuracy);
    expect(validation?.loss).toBeCloseTo(wide?.[i]?.validation?.loss as number, 5);
  });
});

test('a run of such updates that is stopped in the midst of one goes on from the one before, to the same bytes', async () => {
  const all = { phases: [{ epochs: 2, learningRate: 0.003, rules: ['**'] }], batchSize: 5, gradientAccumulation: 2, gradientClipping: 1 };
  const whole = await finished(configFor(data, all));
  expect(of(whole.events, 'epoch').map(({ step }) => step)).toEqual([3, 6]);
  const { folder, handle } = await begin(configFor(data, all), { amid: { 2: (run) => run.checkpointAndEnd() } });
  expect((await handle.done).type).toBe('paused');
  const went = await resume(folder);
  expect((await went.handle.done).type).toBe('finished');
  expect(weightsHash(folder)).toBe(weightsHash(whole.folder));
  expect((await readRun(folder)).report?.frozen.identical).toBe(true);
});

test('clipping that has nothing to clip changes nothing; otherwise an update is no longer than it allows', async () => {
  const once: Partial<RunConfigInput> = {
    phases: [{ epochs: 1, learningRate: 0.5, rules: ['classifier.**'] }],
    optimizer: { name: 'sgd', momentum: 0, weightDecay: 0 },
    schedule: { name: 'constant', warmup: 0 },
    augmentation: 'none',
    batchSize: 24,
  };
  const free = await finished(configFor(data, once));
  const wide = await finished(configFor(data, { ...once, gradientClipping: 1e6 }));
  const tight = await finished(configFor(data, { ...once, gradientClipping: 0.01 }));
  const still = await finished(configFor(data, { ...once, phases: [{ epochs: 1, learningRate: 1e-9, rules: ['classifier.**'] }] }));
  expect(weightsHash(wide.folder)).toBe(weightsHash(free.folder));
  const start = await weightsOf(still.folder);
  const moved = async (folder: string) =>
    Math.sqrt(differences(start, await weightsOf(folder)).reduce((sum, value) => sum + value ** 2, 0));
  expect(await moved(tight.folder)).toBeCloseTo(0.5 * 0.01, 4);
  expect(await moved(free.folder)).toBeGreaterThan(0.5 * 0.01);
});

/** Six steps of a small network with dropout, in stages that end after `cuts` steps, as a resume or a toggle ends them. */
async function withDropout(
  seed: number,
  cuts: readonly number[] = [],
  rate = 0.5,
): Promise<{ losses: number[]; tensors: Map<string, TensorData> }> {
  const chain = [new Linear(4, 16), new Dropout(rate), new Linear(16, 2)];
  const model = { root: rooted(new Sequential(chain)), chain, head: '2', blocks: [] };
  const optimizer = optimizerSchema.parse({ name: 'adamw' });
  const tensors: Map<string, TensorData> = initialTensors(model.root, 3);
  const slots = new Slots(slotKinds(optimizer));
  const engine = await createEngine('onnx', { threads: 1 });
  const compile = () =>
    Stage.compile({
      ...{ engine, model, tensors, slots, batchSize: 8 },
      forms: [{ x: { dtype: 'float32', shape: [4] }, beside: {}, labels: [] }],
      selection: select(model, ['**']),
      config: { optimizer, labelSmoothing: 0, seed },
    });
  const losses: number[] = [];
  let stage = await compile();
  for (let step = 0; step < 6; step++) {
    const x = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i * i));
    const labels = Int32Array.from({ length: 8 }, (_, i) => i % 2);
    const { loss } = await stage.train({ x, labels, weights: new Float32Array(8).fill(1 / 8), step, learningRate: 0 });
    losses.push(loss);
    if (!cuts.includes(step + 1)) continue;
    stage.save(tensors, slots);
    await stage.dispose();
    stage = await compile();
  }
  await stage.loadAnswerFromTraining();
  stage.save(tensors, slots);
  await stage.dispose();
  await engine.dispose();
  return { losses, tensors };
}

test('dropout draws anew in every step, by seed and step alone, and not where there is none', async () => {
  const { losses } = await withDropout(1);
  // nothing learns at this rate: only what drops makes the difference
  expect(new Set(losses).size).toBe(6);
  expect((await withDropout(1, [2, 3])).losses).toEqual(losses);
  expect((await withDropout(2)).losses).not.toEqual(losses);
  expect(new Set((await withDropout(1, [], 0)).losses).size).toBe(1);
});
