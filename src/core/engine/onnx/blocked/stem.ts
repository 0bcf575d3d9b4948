import type { Conv2dAttributes } from '../../ops/conv2d';
import { outputSize } from '../../ops/geometry';
import type { Graph, Value } from '../graph';
import { conv } from './conv';
import { blocksOf, inBlocks, mapsOf, reorderInput, reorderOutput, swapped, whole } from './layout';

/*
 * The first convolution: row-major maps of fewer channels than a block in, blocks out, which the NCHWc convolution does as
 * it is. Its filter lies as [O/B, C·kh·kw, B].
 */

/** x: [N, C, H, W] row-major, filter: [O, C, kh, kw] → [N, O, H', W'] blocked */
export function stem(g: Graph, x: Value, filter: Value, attributes: Conv2dAttributes): Value {
  const { size, strides, dilations, pads } = attributes;
  const [n, channels, height, width] = mapsOf(x);
  const [outputs] = mapsOf(filter);
  const padded = whole(g, outputs);
  const [rows, columns] = outputSize([height, width], attributes);
  const taps = channels * size[0] * size[1];
  const flat = g.pad(g.reshape(filter, [outputs, taps]), [0, 0], [padded - outputs, 0]);
  const packed = reorderInput(g, g.reshape(flat, [1, padded, 1, taps]), [1, padded, 1, taps]);
  const y = conv(g, { x, filter: g.reshape(packed, [padded, channels, ...size]) }, [n, padded, rows, columns], {
    kernel_shape: [...size],
    strides: [...strides],
    dilations: [...dilations],
    pads: [pads.top, pads.left, pads.bottom, pads.right],
  });
  const { block } = g.layout;
  return inBlocks(swapped(g, y, n, padded / block, rows * columns * block), [n, outputs, rows, columns]);
}

/**
 * What each tap sees at each position, made by a convolution with the identity (im2col), times dy, as in `products`.
 * x: [N, C, H, W] row-major, dy: [N, O, H', W'] → [O, C, kh, kw]; null where the positions don't fill blocks.
 */
export function stemFilterGradient(g: Graph, x: Value, dy: Value, { size, strides, dilations, pads }: Conv2dAttributes): Value | null {
  const [n, outputs, rows, columns] = mapsOf(dy);
  const channels = x.shape[1] as number;
  const positions = rows * columns;
  if (positions % g.layout.block !== 0) return null;
  const taps = channels * size[0] * size[1];
  const identity = Float32Array.from({ length: taps * taps }, (_, i) => (i % (taps + 1) === 0 ? 1 : 0));
  const seen = g.node('Conv', [x, g.floats(identity, [taps, channels, ...size])], [n, taps, rows, columns], {
    kernel_shape: [...size],
    strides: [...strides],
    dilations: [...dilations],
    pads: [pads.top, pads.left, pads.bottom, pads.right],
  });
  const byPosition = reorderInput(g, g.reshape(seen, [n, taps, 1, positions]), [n, positions, taps, 1], { last: true });
  const padded = whole(g, outputs);
  const operands = {
    x: g.reshape(byPosition, [1, n * positions, taps, 1]),
    filter: g.reshape(blocksOf(g, dy), [padded, n * positions, 1, 1]),
  };
  const sums = conv(g, operands, [1, padded, taps, 1], { kernel_shape: [1, 1] });
  return g.reshape(reorderOutput(g, sums, outputs), [outputs, channels, ...size]);
}
