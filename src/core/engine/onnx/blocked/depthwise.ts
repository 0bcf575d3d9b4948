import type { Conv2dAttributes } from '../../ops/conv2d';
import { extent, outputSize } from '../../ops/geometry';
import type { Graph, Value } from '../graph';
import { conv, scaled } from './conv';
import { asPlanes, blocksOf, inBlocks, type Maps, mapsOf, reorderInput, reorderOutput, whole } from './layout';

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

/** The positions of dx along one axis that leave the same rest when divided by the stride; what reaches them, from dy. */
interface Phase {
  /** Taps of the filter in the order of the positions of dy that they meet. */
  readonly taps: readonly number[];
  readonly before: number;
  readonly after: number;
}

/**
 * dx[s·j + r] = Σ over d of dy[j + d]·w[r + pad − s·d]: for each rest r a convolution of dy with some of the taps, whose
 * results are interleaved. Null where one of these convolutions has no taps or would have to crop dy.
 */
export function phasesOf(length: number, outputs: number, axis: 0 | 1, attributes: Conv2dAttributes): Phase[] | null {
  const { size, strides, pads } = attributes;
  const [taps, stride, pad] = [size[axis], strides[axis], axis === 0 ? pads.top : pads.left];
  const each = Math.ceil(length / stride);
  const phases = Array.from({ length: stride }, (_, rest): Phase => {
    const first = Math.ceil((rest + pad - taps + 1) / stride);
    const last = Math.floor((rest + pad) / stride);
    const met = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => rest + pad - stride * (first + i));
    return { taps: met, before: -first, after: each - outputs + first + met.length - 1 };
  });
  return phases.every(({ taps, before, after }) => taps.length > 0 && before >= 0 && after >= 0) ? phases : null;
}

/** dy: [N, C, H', W'], filter: [C, 1, kh, kw] → [N, C, H, W] blocked; null where `phasesOf` has no answer. */
export function depthwiseInputGradient(g: Graph, dy: Value, filter: Value, inputShape: Maps, attributes: Conv2dAttributes): Value | null {
  const [n, channels, height, width] = inputShape;
  const [, , rows, columns] = mapsOf(dy);
  const vertical = phasesOf(height, rows, 0, attributes);
  const horizontal = phasesOf(width, columns, 1, attributes);
  if (!vertical || !horizontal || attributes.dilations.some((dilation) => dilation !== 1)) return null;
  const { block } = g.layout;
  const group = whole(g, channels) * n;
  const planes = group / block;
  const [down, across] = [Math.ceil(height / vertical.length), Math.ceil(width / horizontal.length)];
  const { maps, slope } = withoutSlope(g, dy);
  const taps = slope ? g.multiply(tapsOf(g, filter), slope) : tapsOf(g, filter);
  const part = (v: Phase, h: Phase) => {
    const order = v.taps.flatMap((i) => h.taps.map((j) => i * attributes.size[1] + j));
    const size = [v.taps.length, h.taps.length] as const;
    const some = forEachExample(
      g,
      g.node('Gather', [taps, g.integers(order)], [taps.shape[0] as number, order.length, block], { axis: 1 }),
      size,
      n,
    );
    return conv(g, { x: asPlanes(g, maps), filter: some }, [1, group, down, across], {
      group,
      kernel_shape: [...size],
      pads: [v.before, h.before, v.after, h.after],
    });
  };
  const lines = vertical.map((v) => {
    const parts = horizontal.map((h) => g.reshape(part(v, h), [planes * down * across, block]));
    return g.reshape(parts.length === 1 ? (parts[0] as Value) : g.concat(parts, 1), [planes * down, across * horizontal.length * block]);
  });
  const all = lines.length === 1 ? (lines[0] as Value) : g.concat(lines, 1);
  const dx = cropped(g, g.reshape(all, [planes, down * vertical.length, across * horizontal.length, block]), height, width);
  return inBlocks(dx, [n, channels, height, width]);
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

/** [planes, H, W, B] → the first rows and columns */
function cropped(g: Graph, x: Value, height: number, width: number): Value {
  const [, rows, columns] = x.shape as [number, number, number, number];
  return rows === height && columns === width ? x : g.slice(x, [1, 2], [0, 0], [height, width]);
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
