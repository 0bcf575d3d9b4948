import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeBatch, openDataset, viewOf } from '../../../src/core/data';
import { createEngine } from '../../../src/core/engine';
import { chunksOf, epochOrder } from '../../../src/core/training/chunks';
import { PictureExamples } from '../../../src/core/training/examples/pictures';
import { Features } from '../../../src/core/training/features';
import { select } from '../../../src/core/training/selection';
import { Slots, slotKinds } from '../../../src/core/training/slots';
import { Stage } from '../../../src/core/training/stage';
import { loadModel } from '../../../src/core/weights';
import { configFor, newFolder, pictures } from './harness';

test('epoch after epoch, in memory or spilled, kept features are what computing them anew gives, bit for bit', async () => {
  const config = configFor(await pictures(7), {
    augmentation: 'standard',
    phases: [{ epochs: 9, learningRate: 0.1, rules: ['classifier.**'] }],
  });
  const dataset = await openDataset(config.data.path, { validationSplit: 0, testSplit: 0 });
  const { model, tensors } = await loadModel('convnet_small', { modelsFolder: '/nowhere', classes: 2, seed: 7, imageSize: 32 });
  const engine = await createEngine('onnx', { threads: 1 });
  const batchSize = 5;
  const selection = select(model, ['classifier.**']);
  const examples = new PictureExamples(dataset, model, config);
  const stage = await Stage.compile({
    engine,
    model,
    forms: examples.forms,
    selection,
    batchSize,
    config,
    tensors,
    slots: new Slots(slotKinds(config.optimizer)),
  });
  const folder = newFolder();
  const width = stage.featureShape().reduce((a, b) => a * b, 1);
  const features = new Features({
    examples,
    model,
    config,
    batchSize,
    folder,
    memoryLimit: width * 4 * 20, // 20 of the 56 examples and views
    onUnreadable: () => expect.unreachable(),
    onChunk: async () => {},
  });
  await features.use(stage, tensors);

  const train = examples.members('train');
  const truth = new Map<string, Float32Array>();
  for (let view = 0; view < 4; view++) {
    for (const chunk of chunksOf(epochOrder(config.seed, view, train), batchSize)) {
      const views = chunk.examples.map((i) => viewOf('standard', config.seed, view, dataset.examples[i]?.path as string));
      const x = await stage.features({ x: (await decodeBatch(dataset, chunk.examples, model.input, views)).images });
      for (let i = 0; i < chunk.real; i++) truth.set(`${view}/${chunk.examples[i]}`, x.slice(i * width, (i + 1) * width) as Float32Array);
    }
  }
  // As a resume in the sixth epoch would begin: views come in an order that no whole run has.
  for (const epoch of [5, 8, 4, 6, 7, 2]) {
    const seen: number[] = [];
    for await (const { chunk, x } of features.training(stage, epoch, 0)) {
      for (let i = 0; i < chunk.real; i++) {
        const example = chunk.examples[i] as number;
        seen.push(example);
        expect(x.subarray(i * width, (i + 1) * width)).toEqual(truth.get(`${epoch % 4}/${example}`));
      }
    }
    expect(seen).toEqual([...epochOrder(config.seed, epoch, train)]);
  }
  expect(existsSync(join(folder, 'features.bin'))).toBe(true);
  await features.dispose();
  expect(existsSync(join(folder, 'features.bin'))).toBe(false);
  await stage.dispose();
  await engine.dispose();
});
