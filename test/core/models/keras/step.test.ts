import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEngine, type NamedTensors, type TensorData, type Tensors } from '../../../../src/core/engine';
import { softmaxCrossEntropy, tf, valueAndGradients } from '../../../../src/core/engine/ops';
import type { ImageModel } from '../../../../src/core/models';
import { forwardAll, type Scope, tensorsOf } from '../../../../src/core/nn';
import { loadModel } from '../../../../src/core/weights';
import { wave } from '../fixtures';
import { expected, kerasFixtures, planar } from './fixtures';

const { size } = expected;

/** One pass forward and back in training, everything learning: loss, gradients and new statistics by name. */
async function trainingStep(layout: 'portable' | 'blocked', model: ImageModel, tensors: NamedTensors): Promise<Record<string, TensorData>> {
  const engine = await createEngine('onnx', { threads: 1, layout });
  const statistics = new Set([...tensorsOf(model.root)].filter((tensor) => tensor.statistic).map((tensor) => tensor.name));
  type Value = NonNullable<Tensors[string]>;
  const program = await engine.compile(
    ({ state, inputs }) => {
      const parameters = Object.fromEntries(Object.entries(state).filter(([name]) => !statistics.has(name)));
      const { loss, aux, gradients } = valueAndGradients((current) => {
        const updates: Record<string, Value> = {};
        const scope: Scope = {
          tensor: (name) => (current[name] ?? state[name]) as Value,
          learns: () => true,
          training: true,
          update: (name, value) => {
            updates[name] = value;
          },
        };
        const logits = forwardAll(model.chain, inputs.images as Value, scope);
        return { loss: tf.mean(softmaxCrossEntropy(logits, inputs.labels as Value, 0)), aux: updates };
      }, parameters);
      return { outputs: { loss, ...aux, ...gradients } };
    },
    {
      state: tensors,
      constants: new Map(),
      inputs: { images: { dtype: 'float32', shape: [4, 3, size, size] }, labels: { dtype: 'int32', shape: [4] } },
    },
  );
  const images = planar(wave([4, size, size, 3]), [4, size, size, 3]);
  const outputs = await program.run({ images, labels: Int32Array.of(2, 0, 1, 1) });
  await program.dispose();
  await engine.dispose();
  return outputs;
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
