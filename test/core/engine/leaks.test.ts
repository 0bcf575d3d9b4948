import { expect, it } from 'vitest';
import type { ProgramSpec, Step } from '../../../src/core/engine';
import { conv2d, globalAveragePool, linear, relu6, softmaxCrossEntropy, tf, valueAndGradients } from '../../../src/core/engine/ops';
import { engine, integers, peer, random } from './helpers';

const spec: ProgramSpec = {
  state: new Map([
    ['filter', random([4, 3, 3, 3], 'filter')],
    ['weight', random([2, 4], 'weight')],
    ['still', random([2], 'still')],
    ['step', integers([], [0])],
  ]),
  constants: new Map([['rate', random([], 'rate')]]),
  inputs: { x: { dtype: 'float32', shape: [2, 3, 6, 6] }, labels: { dtype: 'int32', shape: [2] } },
};
const given = { x: random([2, 3, 6, 6], 'x').data, labels: Int32Array.of(0, 1) };
type Named = Record<string, tf.Tensor>;

const learn: Step = ({ state, constants, inputs }) => {
  const { filter, weight, step, still } = state as Named & Record<'filter' | 'weight' | 'step' | 'still', tf.Tensor>;
  const { x, labels } = inputs as Named & Record<'x' | 'labels', tf.Tensor>;
  tf.keep(tf.square(x)); // a mistake of the step: nobody disposes of it
  const { loss, aux, gradients } = valueAndGradients(
    (p) => {
      const maps = relu6(conv2d(x, p.filter as tf.Tensor, { padding: 'same' }));
      const logits = linear(globalAveragePool(maps), p.weight as tf.Tensor);
      return { loss: softmaxCrossEntropy(logits, labels, 0).mean(), aux: { logits } };
    },
    { filter, weight },
  );
  const moved = (p: tf.Tensor, name: string) => p.sub((gradients[name] as tf.Tensor).mul(constants.rate as tf.Tensor));
  return {
    outputs: { loss, logits: aux.logits as tf.Tensor, same: loss },
    state: { filter: moved(filter, 'filter'), weight: moved(weight, 'weight'), step: step.add(1).toInt(), still },
  };
};

const alive = () => {
  const { numTensors, numDataBuffers } = tf.engine().state;
  return { numTensors, numDataBuffers };
};

it.each([
  ['engine', engine],
  ['peer', peer],
] as const)('the %s leaves no tensors behind: not after a step, an error or the end', async (_, on) => {
  const none = alive();
  const program = await (await on()).compile(learn, spec);
  const before = alive();
  for (let i = 0; i < 3; i++) {
    await program.run(given);
    expect(alive()).toEqual(before);
  }
  await expect(program.run({ ...given, labels: Int32Array.of(0, 2) })).rejects.toThrow();
  expect(alive()).toEqual(before);
  program.write(program.read());
  expect(alive()).toEqual(before);
  await program.dispose();
  expect(alive()).toEqual(none);

  const broken: Step = (tensors) => {
    learn(tensors);
    throw new Error('a mistake in a model');
  };
  await expect((await on()).compile(broken, spec)).rejects.toThrow('a mistake in a model');
  expect(alive()).toEqual(none);
});
