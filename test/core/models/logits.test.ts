import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../../src/core/engine';
import { buildModel, type ImageModel } from '../../../src/core/models';
import { efficientNetLite } from '../../../src/core/models/efficientNetLite';
import { tensorsOf } from '../../../src/core/nn';
import { loadModel, readSafetensors } from '../../../src/core/weights';
import { distance, logitsOf } from './compute';
import { byFormula, expected, fixtures, transformersFolder, wave } from './fixtures';

const { size } = expected;
const shape = [2, 3, size, size];
const tolerance = 1e-4;
const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-logits-'));
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine('onnx', { threads: 1 });
});
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function difference(model: Pick<ImageModel, 'chain'>, tensors: Parameters<typeof logitsOf>[2], theirs: number[][]): Promise<number> {
  const { data } = await logitsOf(engine, model, tensors, wave(shape), shape);
  return distance(data, theirs.flat());
}

describe("logits are PyTorch's within 1e-4", () => {
  it('EfficientNet-Lite (timm, TensorFlow padding)', async () => {
    const root = efficientNetLite({ width: 0.1, depth: 1, classes: 3, padding: 'same', epsilon: 1e-3 });
    const tensors = await readSafetensors(path.join(fixtures, 'lite/model.safetensors'), (name) => !name.endsWith('num_batches_tracked'));
    expect(await difference(root, tensors, expected.lite)).toBeLessThan(tolerance);
  });

  it('MobileNetV2 (timm)', async () => {
    const { model, tensors } = await loadModel(path.join(fixtures, 'mobilenetv2'), { seed: 0, modelsFolder: '' });
    expect(await difference(model, tensors, expected.mobilenetv2)).toBeLessThan(tolerance);
  });

  it('MobileNetV2 (timm, with pad_type and bn_eps of TensorFlow)', async () => {
    const { tensors } = await loadModel(path.join(fixtures, 'mobilenetv2'), { seed: 0, modelsFolder: '' });
    const model = buildModel({ architecture: 'mobilenetv2_005', classes: 3, padding: 'same', epsilon: 1e-3 });
    expect(await difference(model, tensors, expected.mobilenetv2Same)).toBeLessThan(tolerance);
  });

  it('MobileNetV2 (transformers)', async () => {
    const { model, tensors, labels } = await loadModel(transformersFolder(folder), { seed: 0, modelsFolder: '' });
    expect(labels).toEqual(expected.labels);
    expect(await difference(model, tensors, expected.transformers)).toBeLessThan(tolerance);
  });

  it('the small network from scratch', async () => {
    const model = buildModel({ architecture: 'convnet_small', classes: 3 });
    expect(await difference(model, byFormula(tensorsOf(model.root)), expected.convnet)).toBeLessThan(tolerance);
  });
});
