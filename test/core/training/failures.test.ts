import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { beforeAll, expect, test, vi } from 'vitest';
import type { TensorData } from '../../../src/core/engine';
import { RunFolder, readRun } from '../../../src/core/runs';
import { readSafetensors, writeSafetensors } from '../../../src/core/weights';
import type { FailureCode } from '../../../src/protocol/failure';
import { begin, configFor, confusionOf, finished, newFolder, of, pictures, type Recorded, resume, weightsHash } from './harness';
import { drawPictures } from './pictures';

let data: string;
/** A run of `configFor(data)` that nothing befalls. */
let whole: Recorded;
beforeAll(async () => {
  data = await pictures();
  whole = await finished(configFor(data));
}, 60_000);
const failing = (code: FailureCode) => expect.objectContaining({ failure: expect.objectContaining({ code }) });
const sgd = { name: 'sgd' as const, momentum: 0.99, weightDecay: 0 };

test('a loss that is no number ends the run, and every checkpoint that is left is sound', async () => {
  const phases = [
    { epochs: 2, learningRate: 1e-4, rules: ['**'] },
    { epochs: 40, learningRate: 10, rules: ['**'] },
  ];
  const run = await finished(configFor(data, { phases, optimizer: sgd, schedule: { name: 'constant', warmup: 0 }, labelSmoothing: 0 }));
  expect(await run.handle.done).toMatchObject({ type: 'failed', error: { code: 'training.diverged' } });
  const checkpoints = join(run.folder, 'checkpoints');
  expect(readdirSync(checkpoints).length).toBeGreaterThan(0);
  for (const name of readdirSync(checkpoints)) {
    const tensors = await readSafetensors(join(checkpoints, name, 'model.safetensors'));
    for (const { data } of tensors.values()) expect(data.every(Number.isFinite)).toBe(true);
  }
  expect((await readRun(run.folder)).events.at(-1)?.type).toBe('failed');
});

test('a run folder that vanishes is told as a failure, though it can no longer be written', async () => {
  const run = await begin(configFor(data), { after: { 4: () => rmSync(run.folder, { recursive: true }) } });
  expect(await run.handle.done).toMatchObject({ type: 'failed', error: { code: 'io.gone' } });
  expect(run.events.map((e) => e.seq)).toEqual(run.events.map((_, i) => i + 1));
});

test('a picture that cannot be decoded is left out, named once, and the rest learns', async () => {
  const spoilt = await drawPictures(join(newFolder(), 'data'), { each: 8, seed: 3 });
  for (const split of ['train', 'val']) {
    const path = join(spoilt, split, 'left', 'left-2.png');
    const whole = readFileSync(path);
    writeFileSync(path, whole.fill(0x55, 1000, 1064)); // beginning and end are sound
  }
  for (const rules of [['classifier.**'], ['**']]) {
    const { events } = await finished(configFor(spoilt, { phases: [{ epochs: 3, learningRate: 0.003, rules }], batchSize: 6 }));
    expect(events.at(-1)?.type).toBe('finished');
    const named = of(events, 'warning').map(({ message }) => message.split(' ')[0]);
    expect(named.sort()).toEqual(['train/left/left-2.png', 'val/left/left-2.png']);
    const validation = of(events, 'finished')[0]?.report.validation;
    expect(
      confusionOf(validation)
        .flat()
        .reduce((a, b) => a + b),
    ).toBe(15);
  }
});

test.each([
  ['memory runs out', 'std::bad_alloc', 'engine.outOfMemory'],
  ['a device is lost', 'webgpu: device was lost', 'engine.failed'],
] as const)('%s in mid-run: the failure is named, and the run goes on once that is over', async (_, words, code) => {
  const compute = vi.spyOn((InferenceSession as unknown as { prototype: { run(): Promise<never> } }).prototype, 'run');
  const run = await begin(configFor(data), { after: { 5: () => void compute.mockImplementation(() => Promise.reject(new Error(words))) } });
  expect(await run.handle.done).toMatchObject({ type: 'failed', error: { code, hint: expect.stringMatching(/./), detail: words } });
  compute.mockRestore();
  const second = await resume(run.folder);
  expect(second.events[0]).toMatchObject({ type: 'resumed', step: 3 });
  expect((await second.handle.done).type).toBe('finished');
  expect(weightsHash(run.folder)).toBe(weightsHash(whole.folder));
});

test('a checkpoint with weights that are no numbers is refused by the name of the tensor', async () => {
  const run = await begin(configFor(data), { after: { 5: (handle) => handle.checkpointAndEnd() } });
  await run.handle.done;
  const checkpoint = join(run.folder, 'checkpoints', 'step-5');
  for (const [file, value] of [
    ['model.safetensors', Number.NaN],
    ['optimizer.safetensors', Number.NEGATIVE_INFINITY],
  ] as const) {
    const path = join(checkpoint, file);
    const before = readFileSync(path);
    const tensors = await readSafetensors(path);
    const [name, tensor] = [...tensors].at(-1) as [string, TensorData];
    tensor.data[tensor.data.length - 1] = value;
    await writeSafetensors(path, tensors);
    await expect(resume(run.folder)).rejects.toMatchObject({
      failure: { code: 'run.corrupt', message: expect.stringContaining(name), path: checkpoint },
    });
    writeFileSync(path, before);
  }
  expect((await (await resume(run.folder)).handle.done).type).toBe('finished');
});

test('a full disk ends the run with the earlier checkpoints whole, and it goes on once there is room', async () => {
  const write = RunFolder.prototype.writeCheckpoint;
  const spy = vi.spyOn(RunFolder.prototype, 'writeCheckpoint').mockImplementation(function (this: RunFolder, step, ...rest) {
    if (step < 6) return write.call(this, step, ...rest);
    return Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));
  });
  const run = await finished(configFor(data));
  spy.mockRestore();
  expect(await run.handle.done).toMatchObject({ type: 'failed', error: { code: 'io.diskFull' } });
  const second = await resume(run.folder);
  expect(second.events[0]).toMatchObject({ type: 'resumed', step: 3 });
  expect((await second.handle.done).type).toBe('finished');
  expect(weightsHash(run.folder)).toBe(weightsHash(whole.folder));
});

test('a resume passes over broken and missing checkpoints, down to the beginning, and ends with the same bytes', async () => {
  for (const spoil of ['newest', 'all'] as const) {
    const run = await begin(configFor(data), { after: { 7: (handle) => handle.checkpointAndEnd() } });
    await run.handle.done;
    const checkpoints = join(run.folder, 'checkpoints');
    if (spoil === 'all') rmSync(checkpoints, { recursive: true });
    else writeFileSync(join(checkpoints, 'step-7', 'state.json'), '{"step":');
    const again = await resume(run.folder);
    expect(again.events[0]).toMatchObject({ type: 'resumed', step: spoil === 'all' ? 0 : 6 });
    expect((await again.handle.done).type).toBe('finished');
    expect((await readRun(run.folder)).events.slice(0, 3).map((e) => e.type)).toEqual(['started', 'data', 'model']);
    expect(weightsHash(run.folder)).toBe(weightsHash(whole.folder));
  }
});

test('what cannot be begun or resumed says why, and writes nothing', async () => {
  const taken = newFolder();
  writeFileSync(join(taken, 'thesis.txt'), '');
  await expect(begin(configFor(data), {}, taken)).rejects.toEqual(failing('run.exists'));
  expect(readdirSync(taken)).toEqual(['thesis.txt']);
  const misspelt = join(newFolder(), 'run');
  await expect(begin(configFor(data, { phases: [{ epochs: 1, learningRate: 1, rules: ['hed.**'] }] }), {}, misspelt)).rejects.toEqual(
    failing('config.invalid'),
  );
  await expect(begin(configFor(join(data, 'nothing')), {}, misspelt)).rejects.toEqual(failing('data.missing'));
  expect(() => readdirSync(misspelt)).toThrow();
  await expect(resume(misspelt)).rejects.toEqual(failing('run.missing'));

  const own = await drawPictures(join(newFolder(), 'data'), { each: 5 });
  const run = await begin(configFor(own), { after: { 1: (handle) => handle.checkpointAndEnd() } });
  await run.handle.done;
  const picture = join(own, 'train', 'left', 'left-1.png');
  renameSync(picture, `${picture}.away`);
  await expect(resume(run.folder)).rejects.toEqual(failing('data.changed'));
  renameSync(`${picture}.away`, picture);
  const second = await resume(run.folder);
  expect((await second.handle.done).type).toBe('finished');
  await expect(resume(run.folder)).rejects.toEqual(failing('usage'));
});

test('fewer examples than a batch holds, and no validation', async () => {
  const few = await drawPictures(join(newFolder(), 'data'), { each: 3, splits: ['train'] });
  const config = configFor(few, { data: { path: few, validationSplit: 0, testSplit: 0 }, batchSize: 64 });
  const { handle } = await finished(config);
  expect(await handle.done).toMatchObject({ type: 'finished', report: { test: null, validation: null, best: { epoch: 3, step: 3 } } });
});
