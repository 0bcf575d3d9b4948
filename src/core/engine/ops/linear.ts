import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '../tf';
import { check, registerGradient, run } from './kernel';

/** x: […, in], weight: [out, in], bias: [out] → x·weightᵀ + bias: […, out] */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  check(
    x.rank >= 2 && weight.rank === 2 && x.shape.at(-1) === weight.shape[1],
    () => `linear: weight [${weight.shape}] does not fit [${x.shape}]`,
  );
  const [outputs, inputs] = weight.shape as [number, number];
  const rows = x.rank === 2 ? x : tf.reshape(x, [-1, inputs]);
  const product = run('ThawMatMul', { a: rows, b: weight }, { transposeA: false, transposeB: true });
  const y = bias ? addBias(product, bias) : product;
  return x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), outputs]);
}

export interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** x: [N, C, …] or [N, K]; bias: one number for each of dim 1. */
export function addBias(x: Tensor, bias: Tensor): Tensor {
  check(bias.rank === 1 && x.rank >= 2 && bias.shape[0] === x.shape[1], () => `addBias: bias [${bias.shape}] does not fit [${x.shape}]`);
  return run('ThawAddBias', { x, bias });
}

const product = (a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean) => run('ThawMatMul', { a, b }, { transposeA, transposeB });

/** Only a·bᵀ, the form of `linear`, is differentiated. */
registerGradient<'a' | 'b', MatMulAttributes>('ThawMatMul', { inputs: ['a', 'b'] }, (dy, { inputs: { a, b } }) => ({
  a: () => product(dy, b, false, false),
  b: () => product(dy, a, true, false),
}));

registerGradient('ThawAddBias', { inputs: [] }, (dy) => ({
  x: () => dy.clone(), // tfjs disposes of what it has summed
  bias: () => run('ThawBiasGradient', { dy }),
}));
