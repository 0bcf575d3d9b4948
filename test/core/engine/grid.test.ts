import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { tf } from '../../../src/core/engine/ops';
import { evaluate, type Given, gradientError, random, tensor } from './helpers';

const x = (t: Given) => t.x as Tensor;
const y = (t: Given) => t.y as Tensor;

/** Positive values, none of them near another's: orders and quotients don't flip within a difference's step. */
const apart = (shape: readonly number[], shift: number) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    shape,
    Array.from({ length: size }, (_, i) => 0.7 + ((i * 7 + shift) % 13) * 0.23 + shift * 0.1),
  );
};

describe('broadcasting', () => {
  const pairs = [
    [[3, 4], [3, 4]],
    [[3, 4], [4]],
    [[3, 1], [3, 4]],
    [[2, 1, 4], [3, 1]],
    [[], [2, 3]],
    [[2, 3], []],
    [[1], [5]],
    [[2, 3, 2, 2], [3, 1, 1]],
  ]; // biome-ignore format: pairs side by side
  const operations: [string, (a: Tensor, b: Tensor) => Tensor, (a: number, b: number) => number][] = [
    ['add', tf.add, (a, b) => a + b],
    ['sub', tf.sub, (a, b) => a - b],
    ['mul', tf.mul, (a, b) => a * b],
    ['div', tf.div, (a, b) => a / b],
    ['maximum', tf.maximum, Math.max],
    ['minimum', tf.minimum, Math.min],
    ['squaredDifference', tf.squaredDifference, (a, b) => (a - b) ** 2],
    ['pow', tf.pow, (a, b) => a ** b],
  ];
  const cases = operations.flatMap(([name, op, exact]) => pairs.map(([a, b]) => ({ name, op, exact, a: a as number[], b: b as number[] })));
  it.each(cases)('$name of [$a] and [$b]', async ({ op, exact, a, b }) => {
    const given = { x: apart(a, 0), y: apart(b, 1) };
    const { result } = await evaluate((t) => ({ result: op(x(t), y(t)) }), given);
    const rank = Math.max(a.length, b.length);
    const padded = (shape: readonly number[]) => [...Array<number>(rank - shape.length).fill(1), ...shape];
    const [wideA, wideB] = [padded(a), padded(b)];
    const shape = wideA.map((n, i) => Math.max(n, wideB[i] as number));
    expect(result?.shape).toEqual(shape);
    /** Where element i of the result lies in a tensor that is repeated along its axes of length 1. */
    const position = (i: number, own: number[]) => {
      let [rest, at, stride] = [i, 0, 1];
      for (let axis = rank - 1; axis >= 0; axis--) {
        const index = rest % (shape[axis] as number);
        rest = Math.floor(rest / (shape[axis] as number));
        if (own[axis] !== 1) at += index * stride;
        stride *= own[axis] as number;
      }
      return at;
    };
    result?.data.forEach((value, i) => {
      expect(value).toBeCloseTo(exact(given.x.data[position(i, wideA)] as number, given.y.data[position(i, wideB)] as number), 4);
    });
    expect(await gradientError((t) => op(x(t), y(t)), given, { step: 2e-3 })).toBeLessThan(3e-3);
  });
});

describe('reductions', () => {
  const axes = [undefined, 0, 1, 2, -1, [0, 2], [1, 2], [0, 1, 2]];
  const operations: [string, (x: Tensor, axis: number | number[] | undefined, keep: boolean) => Tensor][] = [
    ['sum', tf.sum],
    ['mean', tf.mean],
    ['max', tf.max],
    ['min', tf.min],
    ['logSumExp', tf.logSumExp],
    ['variance', (x, axis, keep) => tf.moments(x, axis, keep).variance],
  ];
  const cases = operations.flatMap(([name, op]) => axes.map((axis) => ({ name, op, axis })));
  it.each(cases)('gradient of $name over $axis', async ({ op, axis }) => {
    for (const keep of [false, true])
      expect(await gradientError((t) => op(x(t), axis, keep), { x: apart([3, 2, 2], 3) }, { step: 2e-3 })).toBeLessThan(3e-3);
  });
});

describe('matrices', () => {
  const flips = [false, true];
  const cases = flips.flatMap((left) => flips.flatMap((right) => [[], [2], [2, 3]].map((batch) => ({ left, right, batch }))));
  it.each(cases)('gradient of matMul, transposed $left $right, in batches of [$batch]', async ({ left, right, batch }) => {
    const given = { x: random([...batch, ...(left ? [4, 3] : [3, 4])], 'x'), y: random([...batch, ...(right ? [5, 4] : [4, 5])], 'y') };
    expect(await gradientError((t) => tf.matMul(x(t), y(t), left, right), given)).toBeLessThan(2e-3);
  });
});

describe('values at the edge', () => {
  const huge = tensor([2, 3], [88, 0, -88, 1e4, 0, -1e4]);
  it.each([
    ['softmax', tf.softmax, [1, 0, 0, 1, 0, 0]],
    ['logSoftmax', tf.logSoftmax, [0, -88, -176, 0, -1e4, -2e4]],
    ['sigmoid', tf.sigmoid, [1, 0.5, 0, 1, 0.5, 0]],
    ['tanh', tf.tanh, [1, 0, -1, 1, 0, -1]],
    ['softplus', tf.softplus, [88, Math.LN2, 0, 1e4, Math.LN2, 0]],
  ] as const)('%s neither overflows nor turns into NaN', async (_, f, expected) => {
    const { result } = await evaluate((t) => ({ result: f(t.huge as Tensor) }), { huge });
    expected.forEach((value, i) => {
      expect(result?.data[i]).toBeCloseTo(value, 2);
    });
  });
});
