import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { presetRules } from '../../../src/core/methods';
import { readRun } from '../../../src/core/runs';
import { evaluateRun, loadPredictor } from '../../../src/core/training';
import { describeModel, loadModel } from '../../../src/core/weights';
import { begin, configFor, confusionOf, finished, of, pictures, resume, weightsHash } from './harness';

const fixtures = resolve(__dirname, '../../fixtures/keras');
const topless = join(fixtures, 'topless.keras');
let data: string;
beforeAll(async () => {
  data = await pictures();
});

const config = (rules: string[], epochs = 4) =>
  configFor(data, { model: topless, phases: [{ epochs, learningRate: 0.01, rules }], augmentation: 'none' });

test('a run from a Keras model learns, and its result is one to ask, to judge and to go on from', async () => {
  const { folder, handle, events } = await finished(config(['**'], 8));
  const last = await handle.done;
  if (last.type !== 'finished') throw new Error(JSON.stringify(last));
  expect(of(events, 'warning')).toMatchObject([
    { code: 'model.silentLayers', message: expect.stringContaining('random_flip (RandomFlip)') },
  ]);
  const losses = of(events, 'epoch').map(({ train }) => train.loss);
  expect(losses.at(-1), losses.join()).toBeLessThan(losses[0] as number);
  const { report, predictions, record } = await readRun(folder);
  expect(record.model).toMatchObject({ id: topless, family: 'keras', source: 'disk' });

  const again = await evaluateRun(folder, { split: 'test', modelsFolder: '' });
  expect(confusionOf(again)).toEqual(confusionOf(report?.test));
  const predictor = await loadPredictor(folder, { modelsFolder: '' });
  const asked = predictions.slice(0, 3).map(({ path }) => ({ name: path, source: join(data, path) }));
  expect((await predictor.predict(asked)).map(({ label }) => label)).toEqual(predictions.slice(0, 3).map(({ predicted }) => predicted));
  await predictor.dispose();

  const first = await loadModel(topless, { seed: 0, classes: 2, imageSize: 32, modelsFolder: '' });
  const back = await loadModel(folder, { seed: 0, modelsFolder: '' });
  expect(back.facts).toMatchObject({ source: 'run', family: 'keras' });
  expect(back.labels).toEqual(['left', 'right']);
  expect([...back.tensors.keys()]).toEqual([...first.tensors.keys()]);
  expect(back.model.input).toEqual(first.model.input);
  const { model } = await describeModel(folder, { classes: 3, modelsFolder: '' });
  expect(model).toMatchObject({ classes: 3, head: 'classifier' });
  const card = readFileSync(join(folder, 'model/README.md'), 'utf8');
  expect(card).toContain('Keras');
  expect(card).not.toContain('timm');
  expect(card).toContain('from **topless.keras**');
  expect(card).not.toContain(fixtures);
  expect(card).not.toContain('base_model');
});

test('a run that is stopped and resumed ends with the bytes of one that was not', async () => {
  const { model } = await describeModel(topless, { classes: 2, modelsFolder: '' });
  const rules = presetRules(model, 'top');
  expect(rules).toEqual(['block2_conv', 'block2_bn', 'block3_conv', 'block3_bn', 'classifier'].map((path) => `${path}.**`));
  const whole = await finished(config(rules));
  const { folder, handle } = await begin(config(rules), { after: { 5: (run) => run.checkpointAndEnd() } });
  expect((await handle.done).type).toBe('paused');
  const went = await resume(folder);
  expect((await went.handle.done).type).toBe('finished');
  expect(weightsHash(folder)).toBe(weightsHash(whole.folder));
  expect((await readRun(folder)).report?.frozen.identical).toBe(true);
});
