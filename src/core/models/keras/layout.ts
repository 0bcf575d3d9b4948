import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import type { Shape } from '../../nn';

/**
 * Keras keeps feature maps as [N, H, W, C] unless a model says `channels_first`; ours are [N, C, H, W]. Values of another
 * rank are the same in both. Without the batch: [H, W, C] ↔ [C, H, W].
 */
export interface Layout {
  readonly channelsFirst: boolean;
}

export function toKeras(x: Tensor, { channelsFirst }: Layout): Tensor {
  return x.rank === 4 && !channelsFirst ? tf.transpose(x, [0, 2, 3, 1]) : x;
}

export function fromKeras(x: Tensor, { channelsFirst }: Layout): Tensor {
  return x.rank === 4 && !channelsFirst ? tf.transpose(x, [0, 3, 1, 2]) : x;
}

export function kerasShape(shape: Shape, { channelsFirst }: Layout): Shape {
  const [channels, height, width] = shape as [number, number, number];
  return shape.length === 3 && !channelsFirst ? [height, width, channels] : shape;
}

export function ourShape(shape: Shape, { channelsFirst }: Layout): Shape {
  const [height, width, channels] = shape as [number, number, number];
  return shape.length === 3 && !channelsFirst ? [channels, height, width] : shape;
}

/** Keras's axis (the batch is 0, negative ones count from the end) as an axis of our tensor of that rank, batch included. */
export function ourAxis(axis: number, rank: number, { channelsFirst }: Layout): number {
  const positive = axis < 0 ? axis + rank : axis;
  return rank === 4 && !channelsFirst ? ([0, 2, 3, 1][positive] as number) : positive;
}
