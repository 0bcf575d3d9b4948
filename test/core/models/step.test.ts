import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEngine, type Engine, type NamedTensors, type TensorData, type Tensors } from '../../../src/core/engine';
import { softmaxCrossEntropy, tf, valueAndGradients } from '../../../src/core/engine/ops';
import { buildModel, type ImageModel } from '../../../src/core/models';
import { forwardAll, type Scope, tensorsOf } from '../../../src/core/nn';
import { loadModel } from '../../../src/core/weights';
import { byFormula, expected, fixtures, wave } from './fixtures';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine('onnx', { threads: 1 });
});
afterAll(() => engine.dispose());

/** One pass forward and back in training mode, everything learning: loss, gradients and new statistics by name. */
async function trainingStep(model: ImageModel, tensors: NamedTensors): Promise<Record<string, TensorData>> {
  const shape = [2, 3, expected.size, expected.size];
  const statistics = new Set([...tensorsOf(model.root)].filter((tensor) => tensor.statistic).map((tensor) => tensor.name));
  const program = await engine.compile(
    ({ state, inputs }) => {
      type Value = NonNullable<Tensors[string]>;
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
    { state: tensors, constants: new Map(), inputs: { images: { dtype: 'float32', shape }, labels: { dtype: 'int32', shape: [2] } } },
  );
  const outputs = await program.run({ images: wave(shape), labels: Int32Array.of(2, 0) });
  await program.dispose();
  return outputs;
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
