import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEngine, type Engine, type NamedTensors, type TensorData } from '../../../src/core/engine';
import { buildModel, type ImageModel } from '../../../src/core/models';
import { tensorsOf } from '../../../src/core/nn';
import { loadModel } from '../../../src/core/weights';
import { learningPass } from './compute';
import { byFormula, expected, fixtures, wave } from './fixtures';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine('onnx', { threads: 1 });
});
afterAll(() => engine.dispose());

function trainingStep(model: ImageModel, tensors: NamedTensors): Promise<Record<string, TensorData>> {
  const shape = [2, 3, expected.size, expected.size];
  return learningPass(engine, model, tensors, { images: wave(shape), shape, labels: [2, 0] });
}

function small(): { model: ImageModel; tensors: NamedTensors } {
  const model = buildModel({ architecture: 'convnet_small', classes: 3 });
  return { model, tensors: byFormula(tensorsOf(model.root)) };
}

const norm = (tensor: TensorData | undefined) => Math.sqrt(Array.from(tensor?.data ?? [Number.NaN]).reduce((sum, v) => sum + v * v, 0));

it.each(['mobilenetv2', 'convnet'] as const)("a training step of %s has PyTorch's loss, gradients and statistics", async (family) => {
  const { model, tensors } = await (family === 'convnet' ? small() : loadModel(path.join(fixtures, family), { seed: 0, modelsFolder: '' }));
  const { loss, gradients, statistics } = expected.steps[family];
  const found = await trainingStep(model, tensors);
  expect(found.loss?.data[0]).toBeCloseTo(loss, 4);
  const theirs = { ...gradients, ...statistics };
  expect(Object.keys(theirs).sort()).toEqual([...tensors.keys()].sort());
  const largest = Math.max(...Object.values(gradients));
  for (const [name, value] of Object.entries(theirs))
    expect(Math.abs(norm(found[name]) - value), name).toBeLessThan(1e-3 * value + 1e-5 * largest);
});
