import { expect, it } from 'vitest';
import { createEngine, type Step, type TensorData } from '../../../src/core/engine';
import { portable } from '../../../src/core/engine/onnx/graph';
import { lower } from '../../../src/core/engine/onnx/lower';
import { loadOnnxRuntime } from '../../../src/core/engine/onnx/runtime';
import { tf } from '../../../src/core/engine/ops';
import { random } from './helpers';

const pieces = 43;
const names = Array.from({ length: pieces }, (_, i) => `piece ${i}`);
const state = () => new Map<string, TensorData>(names.map((name, i) => [name, random([1 + (i % 3), 2], name)]));
const spec = () => ({ state: state(), constants: new Map(), inputs: { x: { dtype: 'float32' as const, shape: [9, 20] } } });

/** Many pieces of state, a split and a join of many parts along the second axis. */
const step: Step = ({ state, inputs }) => {
  const columns = tf.split(inputs.x as tf.Tensor, 20, 1);
  const y = tf.concat([...columns.reverse(), tf.square(inputs.x as tf.Tensor)], 1);
  return { outputs: { y }, state: Object.fromEntries(names.map((name, i) => [name, tf.mul(state[name] as tf.Tensor, i + 1)])) };
};

it('for a graphics card, no node takes or gives more than a few tensors, and the results stay', async () => {
  const x = random([9, 20], 'x').data;
  const { ort } = await loadOnnxRuntime(1);
  const { graph, model, outputs, state: buffers } = lower(step, spec(), portable, 'webgpu');
  expect(Math.max(...graph.recorded.flatMap(({ inputs, outputs }) => [inputs.length, outputs.length]))).toBeLessThanOrEqual(6);
  const session = await ort.InferenceSession.create(model.bytes, { externalData: model.externalData });
  const feeds = { 'input:x': new ort.Tensor('float32', x as Float32Array, [9, 20]) };
  for (const buffer of buffers.buffers) {
    const { name, shape } = buffer.input;
    Object.assign(feeds, { [name]: new ort.Tensor('float32', buffers.dataOf(buffer) as Float32Array, shape) });
  }
  const fetches = [...outputs.values(), ...buffers.buffers.flatMap(({ output }) => output ?? [])].map(({ name }) => [name, null]);
  const results = await session.run(feeds, Object.fromEntries(fetches));
  await session.release();
  for (const buffer of buffers.buffers) if (buffer.output) buffers.nextOf(buffer).set(results[buffer.output.name]?.data as Float32Array);
  buffers.swap();

  const engine = await createEngine('onnx', { threads: 1 });
  const program = await engine.compile(step, spec());
  const expected = await program.run({ x });
  expect(results[outputs.get('y')?.name as string]?.data).toEqual(expected.y?.data);
  expect(buffers.read()).toEqual(program.read());
  await engine.dispose();
});
