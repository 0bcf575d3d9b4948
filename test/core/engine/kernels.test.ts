import '@tensorflow/tfjs-backend-cpu';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { TensorData } from '../../../src/core/engine';
import { tf, valueAndGradients } from '../../../src/core/engine/ops';
import { engine, engineName, evaluate, integers, random, tensor } from './helpers';

type Op = (t: { x: Tensor; y: Tensor; positive: Tensor; i: Tensor; j: Tensor; row: Tensor }) => Tensor;

const given: Record<string, TensorData> = {
  x: random([3, 4], 'x'),
  y: random([3, 4], 'y'),
  positive: tensor(
    [3, 4],
    random([3, 4], 'positive').data.map((v) => Math.abs(v) + 0.1),
  ),
  i: integers([3, 4], [-7, 7, -7, 7, 0, 1, 2, 3, 2 ** 30 + 1, -(2 ** 30) - 1, 5, 6]),
  j: integers([3, 4], [2, 2, -2, -2, 3, 3, 3, 3, 2, 2, -5, 6]),
  row: random([4], 'row'),
};

/** The same function on tfjs's own cpu backend. */
async function reference(f: Op): Promise<Tensor> {
  await tf.setBackend('cpu');
  const tensors = Object.fromEntries(
    Object.entries(given).map(([name, { data, shape, dtype }]) => [name, tf.tensor(data, [...shape], dtype)]),
  );
  return f(tensors as Parameters<Op>[0]);
}

async function compare(f: Op): Promise<void> {
  const expected = await reference(f);
  const { result } = await evaluate((t) => ({ result: f(t as Parameters<Op>[0]) }), given);
  expect(result?.shape).toEqual(expected.shape);
  expect(result?.dtype).toBe(expected.dtype === 'bool' ? 'int32' : expected.dtype);
  const values = await expected.data();
  for (const [k, value] of values.entries())
    expect(Math.abs((result?.data[k] as number) - value), `element ${k}`).toBeLessThan(1e-6 * Math.max(50, Math.abs(value)));
}

const operations: Record<string, Op> = {
  abs: ({ x }) => tf.abs(x),
  'abs of integers': ({ j }) => tf.abs(j),
  ceil: ({ x }) => tf.ceil(x),
  clipByValue: ({ x }) => tf.clipByValue(x, -0.5, 0.7),
  cos: ({ x }) => tf.cos(x),
  elu: ({ x }) => tf.elu(x),
  erf: ({ x }) => tf.erf(x),
  exp: ({ x }) => tf.exp(x),
  floor: ({ x }) => tf.floor(x),
  leakyRelu: ({ x }) => tf.leakyRelu(x, 0.3),
  log: ({ positive }) => tf.log(positive),
  neg: ({ x }) => tf.neg(x),
  reciprocal: ({ positive }) => tf.reciprocal(positive),
  relu: ({ x }) => tf.relu(x),
  relu6: ({ x }) => tf.relu6(tf.mul(x, 8)),
  round: ({ x }) => tf.round(tf.mul(x, 2.5)),
  rsqrt: ({ positive }) => tf.rsqrt(positive),
  sigmoid: ({ x }) => tf.sigmoid(x),
  sign: ({ x }) => tf.sign(x),
  sin: ({ x }) => tf.sin(x),
  softplus: ({ x }) => tf.softplus(x),
  sqrt: ({ positive }) => tf.sqrt(positive),
  square: ({ x }) => tf.square(x),
  step: ({ x }) => tf.step(x, 0.2),
  tanh: ({ x }) => tf.tanh(x),
  'isNaN, logicalNot': ({ x, positive }) => tf.logicalNot(tf.isNaN(tf.sqrt(tf.sub(x, positive)))),
  add: ({ x, row }) => tf.add(x, row),
  sub: ({ x, row }) => tf.sub(row, x),
  mul: ({ x, y }) => tf.mul(x, y),
  div: ({ x, positive }) => tf.div(x, positive),
  'div of integers': ({ i, j }) => tf.div(i, j),
  floorDiv: ({ i, j }) => tf.floorDiv(i, j),
  'mod of integers': ({ i, j }) => tf.mod(i, j),
  mod: ({ x, y }) => tf.mod(tf.mul(x, 5), y),
  pow: ({ x, positive }) => tf.pow(positive, x),
  maximum: ({ x, y }) => tf.maximum(x, y),
  minimum: ({ i, j }) => tf.minimum(i, j),
  squaredDifference: ({ x, y }) => tf.squaredDifference(x, y),
  equal: ({ i, j }) => tf.equal(i, tf.abs(j)),
  notEqual: ({ i, j }) => tf.notEqual(i, tf.abs(j)),
  greater: ({ x, y }) => tf.greater(x, y),
  greaterEqual: ({ i, j }) => tf.greaterEqual(i, j),
  less: ({ x, row }) => tf.less(x, row),
  lessEqual: ({ i, j }) => tf.lessEqual(i, j),
  'logicalAnd, logicalOr': ({ x, y }) => tf.logicalOr(tf.logicalAnd(tf.greater(x, 0), tf.greater(y, 0)), tf.less(x, -1)),
  where: ({ x, y }) => tf.where(tf.greater(x, 0), x, y),
  'cast to integers': ({ x }) => tf.cast(tf.mul(x, 3), 'int32'),
  'cast to truth values': ({ i }) => tf.cast(i, 'bool'),
  'cast of truth values': ({ x }) => tf.cast(tf.greater(x, 0), 'float32'),
  sum: ({ x }) => tf.sum(x),
  'sum of columns': ({ x }) => tf.sum(x, 0),
  'sum of rows, kept': ({ x }) => tf.sum(x, -1, true),
  'sum of integers': ({ i }) => tf.sum(i, 1),
  'sum of truth values': ({ x }) => tf.sum(tf.greater(x, 0)),
  'sum over nothing': ({ x }) => tf.sum(x, []),
  'long sum': ({ x }) => tf.sum(tf.tile(x, [50, 7])),
  mean: ({ x }) => tf.mean(x, [0, 1]),
  'long mean of rows': ({ x }) => tf.mean(tf.tile(x, [1, 128]), 1),
  prod: ({ x }) => tf.prod(x, 0),
  max: ({ x }) => tf.max(x, 1),
  min: ({ x }) => tf.min(x, 0, true),
  all: ({ x }) => tf.all(tf.greater(x, -1), 0),
  any: ({ x }) => tf.any(tf.greater(x, 1), 1),
  argMax: ({ x }) => tf.argMax(x, -1),
  argMin: ({ x }) => tf.argMin(x, 0),
  cumsum: ({ x }) => tf.cumsum(x, 1),
  'cumsum, exclusive, reversed': ({ x }) => tf.cumsum(x, 0, true, true),
  softmax: ({ x }) => tf.softmax(x),
  logSoftmax: ({ x }) => tf.logSoftmax(x),
  logSumExp: ({ x }) => tf.logSumExp(x, 1),
  moments: ({ x }) => tf.moments(x, 0).variance,
  norm: ({ x }) => tf.norm(x),
  matMul: ({ x, y }) => tf.matMul(x, y, false, true),
  'matMul, left transposed': ({ x, y }) => tf.matMul(x, y, true, false),
  'matMul in batches': ({ x, y }) => tf.matMul(tf.reshape(x, [2, 3, 2]), tf.reshape(y, [1, 2, 6])),
  dot: ({ x, row }) => tf.dot(x as Tensor2D, row as Tensor1D),
  reshape: ({ x }) => tf.reshape(x, [2, -1]),
  expandDims: ({ x }) => tf.expandDims(x, -1),
  squeeze: ({ x }) => tf.squeeze(tf.reshape(x, [1, 12, 1])),
  transpose: ({ x }) => tf.transpose(tf.reshape(x, [3, 2, 2]), [2, 0, 1]),
  reverse: ({ x }) => tf.reverse(x, [0, 1]),
  slice: ({ x }) => tf.slice(x, [1, 1], [2, -1]),
  tile: ({ x }) => tf.tile(x, [2, 3]),
  broadcastTo: ({ row }) => tf.broadcastTo(row, [2, 4]),
  pad: ({ x }) =>
    tf.pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      7,
    ),
  concat: ({ x, y }) => tf.concat([x, y], 1),
  stack: ({ x, y }) => tf.stack([x, y], -1),
  unstack: ({ x }) => tf.unstack(x, 1)[2] as Tensor,
  split: ({ x }) => tf.split(x, [1, 3], 1)[1] as Tensor,
  'split evenly': ({ x }) => tf.split(x, 2, -1)[1] as Tensor,
  'fill, zerosLike, onesLike': ({ x }) => tf.add(tf.add(tf.fill([3, 4], 2), tf.zerosLike(x)), tf.onesLike(x)),
  range: () => tf.range(5, 0, -2, 'int32'),
  linspace: () => tf.linspace(0, 1, 5),
  oneHot: ({ i }) => tf.oneHot(tf.slice(i, [1, 0], [1, 4]), 3),
  gather: ({ x }) => tf.gather(x, tf.tensor1d([3, 0, 0], 'int32'), 1),
  unsortedSegmentSum: ({ x }) => tf.unsortedSegmentSum(x, tf.tensor1d([1, 0, 1], 'int32'), 3),
  addN: ({ x, y }) => tf.addN([x, y, x]),
  'chained ops': ({ x, y }) => x.add(y).mul(2).tanh().sum(0),
  'results used after tidy': ({ x, y }) =>
    tf.add(
      tf.tidy(() => tf.mul(tf.add(x, y), 2)),
      x,
    ),
  'a variable': ({ x, y }) => {
    const variable = tf.variable(x, false);
    variable.assign(tf.add(variable, y));
    return tf.mul(variable, 1);
  },
};

describe('recorded as tfjs computes it', () => {
  // TensorFlow sums long rows in less than full precision.
  const exact = Object.entries(operations).filter(([name]) => engineName === 'onnx' || name !== 'long sum');
  it.each(exact)('%s', (_, f) => compare(f));
});

const differentiable: Record<string, Op> = {
  'a perceptron': ({ x, y, row }) => tf.mean(tf.square(tf.sub(tf.tanh(tf.add(tf.matMul(x, y, false, true), tf.slice(row, 0, 3))), 0.5))),
  'softmax and log': ({ x }) => tf.neg(tf.sum(tf.mul(tf.logSoftmax(x), tf.softmax(x)))),
  'selection and order': ({ x, y, positive }) =>
    tf.sum(
      tf.where(tf.greater(positive, 0.8), tf.maximum(x, 0.1), tf.concat([tf.slice(y, [0, 0], [3, 2]), tf.slice(x, [0, 2], [3, 2])], 1)),
    ),
  'gather, twice the same row': ({ x }) => tf.sum(tf.square(tf.gather(x, tf.tensor1d([2, 0, 2], 'int32')))),
  'max over rows': ({ x }) => tf.sum(tf.max(x, 1)),
  'a parameter that does not matter': ({ y }) => tf.sum(y),
};
it.each(Object.entries(differentiable))('gradients of %s', async (_, f) => {
  await compare((t) => {
    const { gradients } = valueAndGradients(({ x, y }) => ({ loss: f({ ...t, x: x as Tensor, y: y as Tensor }), aux: {} }), {
      x: t.x,
      y: t.y,
    });
    return tf.stack([gradients.x as Tensor, gradients.y as Tensor]);
  });
});

it('leaves no tensors and the former backend behind, with or without an error', async () => {
  await tf.setBackend('cpu');
  const before = tf.memory();
  const spec = { state: new Map(), constants: new Map(), inputs: { x: given.x as TensorData } };
  const program = await (await engine()).compile(({ inputs }) => {
    tf.keep(tf.square(inputs.x as Tensor)); // nobody's
    const { gradients } = valueAndGradients((p) => ({ loss: tf.sum(tf.exp(p.x as Tensor)), aux: {} }), { x: inputs.x as Tensor });
    return { outputs: { dx: gradients.x as Tensor } };
  }, spec);
  const broken = (await engine()).compile(({ inputs }) => {
    valueAndGradients(
      (p) => {
        tf.exp(p.x as Tensor);
        throw new Error('a mistake in a model');
      },
      { x: inputs.x as Tensor },
    );
    return { outputs: {} };
  }, spec);
  await expect(broken).rejects.toThrow('a mistake in a model');
  expect(tf.memory()).toEqual(before);
  expect(tf.getBackend()).toBe('cpu');
  await program.dispose();
});
