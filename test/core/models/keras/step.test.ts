import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEngine, type NamedTensors, type TensorData } from '../../../../src/core/engine';
import type { ImageModel } from '../../../../src/core/models';
import { loadModel } from '../../../../src/core/weights';
import { learningPass } from '../compute';
import { wave } from '../fixtures';
import { expected, kerasFixtures, planar } from './fixtures';

const { size } = expected;

async function trainingStep(layout: 'portable' | 'blocked', model: ImageModel, tensors: NamedTensors): Promise<Record<string, TensorData>> {
  const engine = await createEngine('onnx', { threads: 1, layout });
  try {
    const images = planar(wave([4, size, size, 3]), [4, size, size, 3]);
    return await learningPass(engine, model, tensors, { images, shape: [4, 3, size, size], labels: [2, 0, 1, 1] });
  } finally {
    await engine.dispose();
  }
}

const norm = ({ data }: TensorData) => Math.hypot(...data);
const total = ({ data }: TensorData) => Array.from(data).reduce((a, b) => a + b, 0);
/** Keras 3's `depthwise_conv2d/kernel` is our `depthwise_conv2d.depthwise_kernel`. */
const ours = (theirs: string) => theirs.replaceAll('/', '.').replace(/(depthwise_conv2d)\.kernel$/, '$1.depthwise_kernel');

describe.each(['portable', 'blocked'] as const)('a training step through every kind of layer (%s)', (layout) => {
  it('has Keras’s loss, gradients and moving statistics', async () => {
    const { model, tensors } = await loadModel(path.join(kerasFixtures, 'everything.keras'), { seed: 0, modelsFolder: '' });
    const found = await trainingStep(layout, model, tensors);
    const { loss, gradients, statistics } = expected.step;
    expect(found.loss?.data[0]).toBeCloseTo(loss, 4);
    const names = [...Object.keys(gradients), ...Object.keys(statistics)].map(ours);
    expect(names.sort()).toEqual([...tensors.keys()].sort());
    const largest = Math.max(...Object.values(gradients));
    for (const [name, value] of Object.entries(gradients))
      expect(Math.abs(norm(found[ours(name)] as TensorData) - value), name).toBeLessThan(1e-3 * Math.max(value, 0.01 * largest));
    for (const [name, value] of Object.entries(statistics)) expect(total(found[ours(name)] as TensorData), name).toBeCloseTo(value, 3);
  });
});
