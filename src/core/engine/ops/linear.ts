import type { Tensor } from '@tensorflow/tfjs-core';
import { check, registerGradient, run } from './kernel';

/** x: [N, in], weight: [out, in], bias: [out] → x·weightᵀ + bias: [N, out] */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  check(
    x.rank === 2 && weight.rank === 2 && x.shape[1] === weight.shape[1],
    () => `linear: weight [${weight.shape}] does not fit [${x.shape}]`,
  );
  const product = run('ThawMatMul', { a: x, b: weight }, { transposeA: false, transposeB: true });
  return bias ? addBias(product, bias) : product;
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
