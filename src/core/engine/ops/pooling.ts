import type { Tensor } from '@tensorflow/tfjs-core';
import { type Padding, windowOf } from './geometry';
import { check, registerGradient, run } from './kernel';

export interface PoolOptions {
  readonly size: number | readonly [number, number];
  /** By default the size: windows side by side. */
  readonly strides?: number | readonly [number, number];
  readonly padding: Padding;
}

/** x: [N, C, H, W] → [N, C, H', W']: the largest of each window; padding never is. */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  return run('ThawMaxPool', { x }, poolWindow(x, options));
}

/** x: [N, C, H, W] → [N, C, H', W']: the mean of each window, padding not counted. */
export function averagePool2d(x: Tensor, options: PoolOptions): Tensor {
  return run('ThawAveragePool', { x }, poolWindow(x, options));
}

/** x: [N, C, H, W] → [N, C] */
export function globalAveragePool(x: Tensor): Tensor {
  check(x.rank === 4, () => `globalAveragePool takes [N,C,H,W], not [${x.shape}]`);
  return run('ThawGlobalAveragePool', { x });
}

function poolWindow(x: Tensor, { size, strides = size, padding }: PoolOptions) {
  check(x.rank === 4, () => `a pool takes [N,C,H,W], not [${x.shape}]`);
  const [, , height, width] = x.shape as [number, number, number, number];
  return windowOf([height, width], size, { strides, padding });
}

for (const name of ['ThawMaxPool', 'ThawAveragePool', 'ThawGlobalAveragePool'])
  registerGradient<'x', object>(name, { inputs: ['x'] }, (dy, { inputs: { x }, attributes }) => ({
    x: () => run(`${name}Gradient`, { dy, x }, attributes),
  }));
