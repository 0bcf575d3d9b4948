import type { Tensor } from '@tensorflow/tfjs-core';
import { type Padding, type Window, windowOf } from './geometry';
import { check, registerGradient, run } from './kernel';

export interface Conv2dOptions {
  readonly strides?: number | readonly [number, number];
  readonly padding: Padding;
  /** Input and output channels fall into this many parts that don't see each other; depthwise: as many as channels. */
  readonly groups?: number;
  readonly dilations?: number | readonly [number, number];
}

export interface Conv2dAttributes extends Window {
  readonly groups: number;
}

/**
 * Cross-correlation, as PyTorch's and TensorFlow's "convolution".
 * x: [N, C, H, W], filter: [O, C / groups, kh, kw] → [N, O, H', W']
 */
export function conv2d(x: Tensor, filter: Tensor, options: Conv2dOptions): Tensor {
  const { groups = 1 } = options;
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const [outputs, inputs, ...size] = filter.shape as [number, number, number, number];
  check(x.rank === 4 && filter.rank === 4, () => `conv2d takes [N,C,H,W] and [O,C/groups,kh,kw], not [${x.shape}] and [${filter.shape}]`);
  check(
    inputs * groups === channels && outputs % groups === 0,
    () => `conv2d with ${groups} groups: the filter [${filter.shape}] does not fit [${x.shape}]`,
  );
  const attributes: Conv2dAttributes = { ...windowOf([height, width], size, options), groups };
  return run('ThawConv2d', { x, filter }, attributes);
}

registerGradient<'x' | 'filter', Conv2dAttributes>(
  'ThawConv2d',
  { inputs: ['x', 'filter'] },
  (dy, { inputs: { x, filter }, attributes }) => ({
    x: () => run('ThawConv2dInputGradient', { dy, filter }, { ...attributes, inputShape: x.shape }),
    filter: () => run('ThawConv2dFilterGradient', { x, dy }, { ...attributes, filterShape: filter.shape }),
  }),
);
