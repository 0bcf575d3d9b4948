import type { Conv2dAttributes } from '../../ops/conv2d';
import { outputSize } from '../../ops/geometry';
import type { Graph, Value } from '../graph';
import { conv } from './conv';
import { blocksOf, inBlocks, type Maps, mapsOf, reorderInput, swapped, whole } from './layout';
import { interleaved, type Phase, phasesOf } from './phases';
import { products } from './pointwise';

/*
 * Convolutions that see both neighbours and all channels: here examples must stand outside, [N, C/B, H, W, B], so whole
 * planes are moved before and after. Filters lie as [O/B, C/B, kh·kw, B inputs, B outputs].
 */

/** x: [N, C, H, W] blocked, filter: [O, C, kh, kw] → [N, O, H', W'] blocked */
export function dense(g: Graph, x: Value, filter: Value, attributes: Conv2dAttributes): Value {
  const { size, strides, dilations, pads } = attributes;
  const [n, channels, height, width] = mapsOf(x);
  const outputs = filter.shape[0] as number;
  const [rows, columns] = outputSize([height, width], attributes);
  const packed = g.transpose(tapsOf(g, filter), [0, 1, 3, 2, 4]);
  const operands = { x: byExample(g, x), filter: g.reshape(packed, [whole(g, outputs), whole(g, channels), ...size]) };
  const y = conv(g, operands, [n, whole(g, outputs), rows, columns], {
    kernel_shape: [...size],
    strides: [...strides],
    dilations: [...dilations],
    pads: [pads.top, pads.left, pads.bottom, pads.right],
  });
  return byBlock(g, y, [n, outputs, rows, columns]);
}

/** dy: [N, O, H', W'], filter: [O, C, kh, kw] → [N, C, H, W] blocked; null where `phasesOf` has no answer. */
export function denseInputGradient(g: Graph, dy: Value, filter: Value, inputShape: Maps, attributes: Conv2dAttributes): Value | null {
  const phases = phasesOf(dy, inputShape, attributes);
  if (!phases) return null;
  const [n, outputs] = mapsOf(dy);
  const [rows, columns] = [whole(g, outputs), whole(g, inputShape[1])];
  const taps = g.transpose(tapsOf(g, filter), [1, 0, 3, 4, 2]); // [C/B, O/B, kh·kw, B outputs, B inputs]
  const x = byExample(g, dy);
  const part = ({ size, order, pads }: Phase) => {
    const shape = taps.shape.map((length, axis) => (axis === 2 ? order.length : length));
    const some = g.node('Gather', [taps, g.integers(order)], shape, { axis: 2 });
    const attributes = { kernel_shape: [...size], pads: [...pads] };
    return conv(g, { x, filter: g.reshape(some, [columns, rows, ...size]) }, [n, columns, phases.height, phases.width], attributes);
  };
  return byBlock(g, interleaved(g, phases, part, (n * columns) / g.layout.block, inputShape), inputShape);
}

/**
 * For each tap the positions of x that it meets times dy, as in a 1×1 convolution.
 * x: [N, C, H, W], dy: [N, O, H', W'] → [O, C, kh, kw]
 */
export function denseFilterGradient(g: Graph, x: Value, dy: Value, { size, strides, dilations, pads }: Conv2dAttributes): Value {
  const [n, channels, height, width] = mapsOf(x);
  const [, outputs, rows, columns] = mapsOf(dy);
  const { block } = g.layout;
  const [across, down] = [whole(g, channels), whole(g, outputs)];
  const planes = g.reshape(blocksOf(g, x), [(across / block) * n, height, width, block]);
  const padded = g.pad(planes, [0, pads.top, pads.left, 0], [0, pads.bottom, pads.right, 0]);
  const taps = Array.from({ length: size[0] * size[1] }, (_, tap) => {
    const first = [Math.floor(tap / size[1]) * dilations[0], (tap % size[1]) * dilations[1]];
    const end = [(first[0] as number) + (rows - 1) * strides[0] + 1, (first[1] as number) + (columns - 1) * strides[1] + 1];
    const met = g.slice(padded, [1, 2], first, end, [...strides]);
    return g.reshape(products(g, dy, inBlocks(met, [n, channels, rows, columns])), [1, across / block, down, block]);
  });
  const all = g.transpose(g.concat(taps, 0), [2, 1, 3, 0]); // [O, C/B, B, kh·kw]
  const filter = g.reshape(all, [down, across, ...size]);
  return down === outputs && across === channels ? filter : g.slice(filter, [0, 1], [0, 0], [outputs, channels]);
}

/** [C/B, N, H, W, B] → [N, C, H, W] in blocks of channels */
function byExample(g: Graph, x: Value): Value {
  const [n, channels, height, width] = mapsOf(x);
  const padded = whole(g, channels);
  const { block } = g.layout;
  return g.reshape(swapped(g, blocksOf(g, x), padded / block, n, height * width * block), [n, padded, height, width]);
}

/** The reverse. */
function byBlock(g: Graph, x: Value, shape: Maps): Value {
  const [n, channels, height, width] = shape;
  const { block } = g.layout;
  return inBlocks(swapped(g, x, n, whole(g, channels) / block, height * width * block), shape);
}

/** [O, C, kh, kw] → [O/B, C/B, B inputs, kh·kw, B outputs] */
function tapsOf(g: Graph, filter: Value): Value {
  const [outputs, channels, ...size] = mapsOf(filter);
  const [rows, columns] = [whole(g, outputs), whole(g, channels)];
  const { block } = g.layout;
  const taps = size[0] * size[1];
  const padded = g.pad(filter, [0, 0, 0, 0], [rows - outputs, columns - channels, 0, 0]);
  const shape = [1, rows, columns, taps];
  return g.reshape(reorderInput(g, g.reshape(padded, shape), shape), [rows / block, columns / block, block, taps, block]);
}
