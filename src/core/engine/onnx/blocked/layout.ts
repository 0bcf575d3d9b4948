import type { Graph, Value } from '../graph';

/*
 * Feature maps in blocks of B channels, the batch inside of the block index: [C/B, N, H, W, B], channels filled up with
 * zeros to whole blocks. onnxruntime's own NCHWc kernels (operator domain com.microsoft.nchwc, which its optimiser uses for
 * inference) take such maps, by reshaping alone, in two ways:
 *   as one image  [1, C, N·H, W]  where positions don't matter: 1×1 convolutions, affine maps, sums;
 *   as planes     [1, C·N, H, W]  where each example's plane is a channel of its own: depthwise convolutions.
 */

export type Maps = readonly [n: number, channels: number, height: number, width: number];

export const mapsOf = ({ shape }: Value): Maps => shape as unknown as Maps;

/** Channels filled up to whole blocks. */
export function whole(g: Graph, channels: number): number {
  return Math.ceil(channels / g.layout.block) * g.layout.block;
}

/** Whether blocks of these channels are worth having: mostly channels, not padding. */
export function worthwhile(g: Graph, ...channels: number[]): boolean {
  const { block, always } = g.layout;
  return block > 1 && (always || channels.every((count) => whole(g, count) <= 2 * count));
}

/** Feature maps [N, C, H, W] whose elements `blocks` holds. */
export function inBlocks(blocks: Value, shape: readonly number[]): Value {
  return { name: `${blocks.name} in blocks`, shape, dtype: 'float32', blocks };
}

/** The blocks of feature maps; row-major ones are converted, once. */
export function blocksOf(g: Graph, x: Value): Value {
  if (x.blocks) return x.blocks;
  const [n, channels, height, width] = mapsOf(x);
  const padded = whole(g, channels);
  const maps = reorderInput(g, g.pad(x, [0, 0, 0, 0], [0, padded - channels, 0, 0]), [n, padded, height, width]);
  return swapped(g, maps, n, padded / g.layout.block, height * width * g.layout.block);
}

/** [a, b, size] → [b, a, size], a mere view where one of them is 1. */
export function swapped(g: Graph, x: Value, a: number, b: number, size: number): Value {
  if (a === 1 || b === 1) return x;
  return g.transpose(g.reshape(x, [a, b, size]), [1, 0, 2]);
}

/** [1, C, N·H, W] */
export function asImage(g: Graph, x: Value): Value {
  const [n, channels, height, width] = mapsOf(x);
  return g.reshape(blocksOf(g, x), [1, whole(g, channels), n * height, width]);
}

/** [1, C·N, H, W] */
export function asPlanes(g: Graph, x: Value): Value {
  const [n, channels, height, width] = mapsOf(x);
  return g.reshape(blocksOf(g, x), [1, whole(g, channels) * n, height, width]);
}

/** One number a channel, [C], filled up with zeros. */
export function perChannel(g: Graph, values: Value): Value {
  const [channels] = values.shape as [number];
  return g.pad(values, [0], [whole(g, channels) - channels]);
}

/** The reverse of `perChannel`. */
export function withoutPadding(g: Graph, values: Value, channels: number): Value {
  const [padded] = values.shape as [number];
  return padded === channels ? values : g.slice(values, [0], [0], [channels]);
}

/** [planes, H, W, B] → the first rows and columns */
export function cropped(g: Graph, x: Value, height: number, width: number): Value {
  const [, rows, columns] = x.shape as [number, number, number, number];
  return rows === height && columns === width ? x : g.slice(x, [1, 2], [0, 0], [height, width]);
}

/** Into blocks of dimension 1, or of the last one: [n, C, h, w] or [n, h, w, C] → [n, C/B, h, w, B]. */
export function reorderInput(g: Graph, x: Value, shape: readonly number[], { last = false } = {}): Value {
  return g.node('com.microsoft.nchwc.ReorderInput', [x], shape, last ? { channels_last: 1 } : {});
}

/** Out of blocks: [n, C/B, h, w, B] → [n, channels, h, w], or [n, h, w, channels]. */
export function reorderOutput(g: Graph, x: Value, channels: number, { last = false } = {}): Value {
  const [n, , height, width] = mapsOf(x);
  const shape = last ? [n, height, width, channels] : [n, channels, height, width];
  return g.node('com.microsoft.nchwc.ReorderOutput', [x], shape, last ? { channels, channels_last: 1 } : { channels });
}
