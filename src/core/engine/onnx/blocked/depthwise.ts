import type { Conv2dAttributes } from '../../ops/conv2d';
import { extent, outputSize } from '../../ops/geometry';
import type { Graph, Value } from '../graph';
import { conv, scaled } from './conv';
import { asPlanes, blocksOf, cropped, inBlocks, type Maps, mapsOf, reorderInput, reorderOutput, whole } from './layout';
import { interleaved, type Phase, phasesOf } from './phases';

/** Depthwise convolution. x: [N, C, H, W] blocked, filter: [C, 1, kh, kw] → [N, C, H', W'] blocked */
export function depthwise(g: Graph, x: Value, filter: Value, attributes: Conv2dAttributes): Value {
  const { size, strides, dilations, pads } = attributes;
  const [n, channels, height, width] = mapsOf(x);
  const [rows, columns] = outputSize([height, width], attributes);
  const group = whole(g, channels) * n;
  const y = conv(g, { x: asPlanes(g, x), filter: forEachExample(g, tapsOf(g, filter), size, n) }, [1, group, rows, columns], {
    group,
    kernel_shape: [...size],
    strides: [...strides],
    dilations: [...dilations],
    pads: [pads.top, pads.left, pads.bottom, pads.right],
  });
  return inBlocks(y, [n, channels, rows, columns]);
}

/** dy: [N, C, H', W'], filter: [C, 1, kh, kw] → [N, C, H, W] blocked; null where `phasesOf` has no answer. */
export function depthwiseInputGradient(g: Graph, dy: Value, filter: Value, inputShape: Maps, attributes: Conv2dAttributes): Value | null {
  const phases = phasesOf(dy, inputShape, attributes);
  if (!phases) return null;
  const [n, channels] = inputShape;
  const { block } = g.layout;
  const group = whole(g, channels) * n;
  const { maps, slope } = withoutSlope(g, dy);
  const taps = slope ? g.multiply(tapsOf(g, filter), slope) : tapsOf(g, filter);
  const part = ({ size, order, pads }: Phase) => {
    const some = g.node('Gather', [taps, g.integers(order)], [taps.shape[0] as number, order.length, block], { axis: 1 });
    return conv(g, { x: asPlanes(g, maps), filter: forEachExample(g, some, size, n) }, [1, group, phases.height, phases.width], {
      group,
      kernel_shape: [...size],
      pads: [...pads],
    });
  };
  return inBlocks(interleaved(g, phases, part, group / block, inputShape), inputShape);
}

/**
 * A depthwise convolution of x with dy as its filter, in which strides and dilations change roles, summed over examples.
 * x: [N, C, H, W], dy: [N, C, H', W'] → [C, 1, kh, kw]
 */
export function depthwiseFilterGradient(g: Graph, x: Value, dy: Value, attributes: Conv2dAttributes): Value {
  const { size, strides, dilations, pads } = attributes;
  const [n, channels, height, width] = mapsOf(x);
  const [, , rows, columns] = mapsOf(dy);
  const { block } = g.layout;
  const group = whole(g, channels) * n;
  /** Padding at the end that windows reach; negative where they do not even reach the maps' end. */
  const bottom = (rows - 1) * strides[0] + extent(attributes, 0) - height - pads.top;
  const right = (columns - 1) * strides[1] + extent(attributes, 1) - width - pads.left;
  const [high, wide] = [height + Math.min(0, bottom), width + Math.min(0, right)];
  const reached = cropped(g, g.reshape(blocksOf(g, x), [group / block, height, width, block]), high, wide);
  const { maps, slope } = withoutSlope(g, dy);
  const each = conv(
    g,
    { x: g.reshape(reached, [1, group, high, wide]), filter: g.reshape(blocksOf(g, maps), [group, 1, rows, columns]) },
    [1, group, ...size],
    {
      group,
      kernel_shape: [rows, columns],
      strides: [...dilations],
      dilations: [...strides],
      pads: [pads.top, pads.left, Math.max(0, bottom), Math.max(0, right)],
    },
  );
  const taps = size[0] * size[1];
  const blocks = whole(g, channels) / block;
  const sums = g.reshape(g.sum(g.reshape(each, [blocks, n, taps * block]), [1]), [blocks, taps, block]);
  const packed = g.reshape(slope ? g.multiply(sums, slope) : sums, [1, whole(g, channels), ...size]);
  return g.reshape(reorderOutput(g, packed, channels), [channels, 1, ...size]);
}

/** A gradient that was merely scaled goes without: what it is multiplied with takes the slope, [C/B, 1, B]. */
function withoutSlope(g: Graph, dy: Value): { maps: Value; slope: Value | null } {
  const factor = scaled(g, blocksOf(g, dy));
  if (!factor) return { maps: dy, slope: null };
  const { block } = g.layout;
  const blocks = (factor.slope.shape[0] as number) / block;
  return { maps: inBlocks(factor.z, dy.shape), slope: g.reshape(factor.slope, [blocks, 1, block]) };
}

/** [C, 1, kh, kw] → [C/B, kh·kw, B] */
function tapsOf(g: Graph, filter: Value): Value {
  const [channels, , ...size] = mapsOf(filter);
  const padded = whole(g, channels);
  const shape = [1, padded, ...size];
  const taps = reorderInput(g, g.reshape(g.pad(filter, [0, 0, 0, 0], [padded - channels, 0, 0, 0]), shape), shape);
  return g.reshape(taps, [padded / g.layout.block, size[0] * size[1], g.layout.block]);
}

/** [C/B, kh·kw, B] → [C·N, 1, kh, kw]: every plane is a channel, so each example has a copy of the filter. */
function forEachExample(g: Graph, taps: Value, [height, width]: readonly [number, number], n: number): Value {
  const [blocks, count, block] = taps.shape as [number, number, number];
  const shape = [blocks, n, count * block];
  const copies = n === 1 ? taps : g.node('Expand', [g.reshape(taps, [blocks, 1, count * block]), g.integers(shape)], shape);
  return g.reshape(copies, [blocks * block * n, 1, height, width]);
}
