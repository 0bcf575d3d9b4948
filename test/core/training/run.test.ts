import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { NamedTensors } from '../../../src/core/engine';
import { readRun } from '../../../src/core/runs';
import { evaluateRun, loadPredictor } from '../../../src/core/training';
import { readSafetensors } from '../../../src/core/weights';
import { ThawError } from '../../../src/protocol/failure';
import type { Report } from '../../../src/protocol/report';
import { changedNames, expectFrozen } from './frozen';
import { begin, configFor, confusionOf, finished, of, pictures, type Recorded, resume, weightsHash } from './harness';
import { expectSameAfterPauses } from './resumed';

let data: string;
/** A run of `configFor(data)` from its beginning to its end. */
let whole: Recorded;
beforeAll(async () => {
  data = await pictures();
  whole = await finished(configFor(data));
}, 60_000);

test('a run tells its story in order, learns, and leaves a model that answers', async () => {
  const { folder, handle, events } = whole;
  const last = await handle.done;
  if (last.type !== 'finished') throw new Error(JSON.stringify(last));
  expect(handle.state).toBe('finished');
  expect(events.slice(0, 4).map((e) => e.type)).toEqual(['started', 'data', 'model', 'phase']);
  expect(events.map((e) => e.seq)).toEqual(events.map((_, i) => i + 1));
  const { events: written, report, predictions, record } = await readRun(folder);
  expect(written).toEqual(JSON.parse(JSON.stringify(events)));
  expect(report).toEqual(last.report);
  expect(record.classes).toEqual(['left', 'right']);

  const epochs = of(events, 'epoch');
  expect(epochs.map((e) => [e.epoch, e.step])).toEqual([
    [1, 3],
    [2, 6],
    [3, 9],
  ]);
  expect((epochs[2]?.train.loss as number) < (epochs[0]?.train.loss as number)).toBe(true);
  expect(last.report.test?.accuracy).toBeGreaterThan(0.8);
  expect(
    confusionOf(last.report.test)
      .flat()
      .reduce((a, b) => a + b),
  ).toBe(24);
  expect(predictions.length).toBe(24);
  expect(predictions.filter((p) => p.label === p.predicted).length / 24).toBe(last.report.test?.accuracy);
  const best = epochs.find((e) => e.epoch === last.report.best.epoch);
  expect(last.report.validation?.loss).toBeCloseTo(best?.validation?.loss as number, 12);

  const again = await evaluateRun(folder, { split: 'test', modelsFolder: '/nowhere' });
  expect(confusionOf(again)).toEqual(confusionOf(last.report.test));
  expect(again.loss).toBeCloseTo(last.report.test?.loss as number, 4);
  const predictor = await loadPredictor(folder, { modelsFolder: '/nowhere' });
  const asked = predictions.slice(0, 3).map(({ path }) => ({ name: path, source: join(data, path) }));
  const answers = await predictor.predict(asked);
  await predictor.dispose();
  expect(answers.map((a) => a.label)).toEqual(predictions.slice(0, 3).map((p) => p.predicted));
  for (const [i, { probabilities }] of answers.entries())
    expect(probabilities[predictions[i]?.predicted as string]).toBeCloseTo(predictions[i]?.probability as number, 4);
});

test('the same seed makes the same bytes, another seed others', async () => {
  const config = configFor(data, { augmentation: 'standard', phases: [{ epochs: 2, learningRate: 0.003, rules: ['**'] }] });
  const [a, b, c] = [await finished(config), await finished(config), await finished({ ...config, seed: 8 })];
  expect(weightsHash(a.folder)).toBe(weightsHash(b.folder));
  expect(weightsHash(a.folder)).not.toBe(weightsHash(c.folder));
});

test.each([
  ['head', ['classifier.**']],
  ['all but the middle', ['**', '!stages.1.**']],
])('what is frozen keeps its bytes, and what learns does not: %s', async (_, rules) => {
  await expectFrozen(configFor(data, { phases: [{ epochs: 1, learningRate: 0.01, rules }] }));
});

test('a run that ends in mid-epoch and is resumed gives the same bytes', async () => {
  const config = configFor(data, { phases: [{ epochs: 3, learningRate: 0.01, rules: ['stages.3.**', 'classifier.**'] }] });
  await expectSameAfterPauses(config, [4]); // after others: resume.slow.test.ts
});

test('layers frozen in mid-run stay as they were from that step on', async () => {
  const run = await finished(configFor(data, { phases: [{ epochs: 2, learningRate: 0.01, rules: ['**'] }] }), {
    after: {
      3: (handle) => {
        expect(() => handle.freeze(['nothing.here'])).toThrow(ThawError);
        handle.freeze(['classifier.**']);
      },
    },
  });
  expect(of(run.events, 'freeze')).toMatchObject([{ step: 3, trainable: ['classifier.**'] }]);
  const [then, now] = await Promise.all(
    [3, 6].map((step) => readSafetensors(join(run.folder, 'checkpoints', `step-${step}`, 'model.safetensors'))),
  );
  expect(changedNames(then as NamedTensors, now as NamedTensors)).toEqual(['classifier.weight', 'classifier.bias']);
});

test('a checkpoint holds what has learned by then, and the best one is made whole with what had not', async () => {
  const epochs = {
    classifier: { epochs: 1, learningRate: 0.01, rules: ['classifier.**'] },
    all: { epochs: 2, learningRate: 3, rules: ['**'] },
  };
  const config = configFor(data, { phases: [epochs.classifier, epochs.all] }); // the second phase does harm
  const run = await finished(config);
  const report: Report | undefined = of(run.events, 'finished')[0]?.report;
  expect(report?.best).toEqual({ epoch: 1, step: 3 });
  const kept = (step: number) => readSafetensors(join(run.folder, 'checkpoints', `step-${step}`, 'model.safetensors'));
  const model = await readSafetensors(join(run.folder, 'model', 'model.safetensors'));
  expect([...(await kept(3)).keys()].sort()).toEqual(['classifier.bias', 'classifier.weight']);
  expect([...(await kept(9)).keys()].sort()).toEqual([...model.keys()].sort());

  const untouched = await begin(config);
  untouched.handle.stop();
  await untouched.handle.done;
  const before = await readSafetensors(join(untouched.folder, 'model', 'model.safetensors'));
  expect(changedNames(before, model).sort()).toEqual(['classifier.bias', 'classifier.weight']);
});

test('pausing waits with a checkpoint; going on changes nothing', async () => {
  const paused = await begin(configFor(data), {
    after: { 4: (handle) => handle.pause() },
    hears: (event, handle) => {
      if (event.type !== 'paused') return;
      expect(existsSync(join(paused.folder, 'checkpoints', 'step-4', 'state.json'))).toBe(true);
      setTimeout(() => handle.continue(), 50);
    },
  });
  expect((await paused.handle.done).type).toBe('finished');
  expect(paused.events.map((e) => e.type).filter((t) => t === 'paused' || t === 'continued')).toEqual(['paused', 'continued']);
  expect(weightsHash(paused.folder)).toBe(weightsHash(whole.folder));
});

test('stopping keeps the best model, leaves the test set alone, and can be gone on from', async () => {
  const stopped = await begin(configFor(data), { after: { 7: (handle) => handle.stop() } });
  expect(await stopped.handle.done).toMatchObject({ type: 'stopped', step: 7 });
  const { report, predictions } = await readRun(stopped.folder);
  expect(report?.test).toBeNull();
  expect(
    confusionOf(report?.validation)
      .flat()
      .reduce((a, b) => a + b),
  ).toBe(24);
  expect(predictions.every((p) => p.split === 'validation')).toBe(true);
  const second = await resume(stopped.folder);
  expect((await second.handle.done).type).toBe('finished');
  expect(weightsHash(stopped.folder)).toBe(weightsHash(whole.folder));
});

test('phases change what learns and how fast; early stopping ends them and keeps the best epoch', async () => {
  const phases = [
    { epochs: 2, learningRate: 0.01, rules: ['classifier.**'] },
    { epochs: 2, learningRate: 0.001, rules: ['stages.3.**', 'classifier.**'] },
  ];
  const { events } = await finished(configFor(data, { phases, schedule: { name: 'constant', warmup: 0 } }));
  expect(of(events, 'phase').map(({ trainable }) => trainable)).toEqual(phases.map(({ rules }) => rules));
  expect(of(events, 'step').every((s) => s.learningRate === (s.epoch <= 2 ? 0.01 : 0.001))).toBe(true);

  const early = await finished(configFor(data, { phases: [{ epochs: 60, learningRate: 0.3, rules: ['**'] }], earlyStopping: 2 }));
  const last = of(early.events, 'finished')[0];
  const epochs = of(early.events, 'epoch');
  const losses = epochs.map((e) => e.validation?.loss as number);
  expect(epochs.length).toBeLessThan(60);
  expect(epochs.length).toBe((last?.report.best.epoch as number) + 2);
  expect(losses.indexOf(Math.min(...losses)) + 1).toBe(last?.report.best.epoch);
  expect(last?.report.validation?.loss).toBe(Math.min(...losses));
});
