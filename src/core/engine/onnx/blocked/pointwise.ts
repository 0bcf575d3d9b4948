import type { Graph, Value } from '../graph';
import { conv, scaled } from './conv';
import { asImage, blocksOf, inBlocks, type Maps, mapsOf, reorderInput, reorderOutput, whole, withoutPadding } from './layout';

/** 1×1 convolution. x: [N, I, H, W] blocked, filter: [O, I, 1, 1] → [N, O, H, W] blocked */
export function pointwise(g: Graph, x: Value, filter: Value): Value {
  const [n, , height, width] = mapsOf(x);
  const [outputs] = mapsOf(filter);
  const shape = [1, whole(g, outputs), n * height, width];
  const y = conv(g, { x: asImage(g, x), filter: forwards(g, filter) }, shape, { kernel_shape: [1, 1] });
  return inBlocks(y, [n, outputs, height, width]);
}

/** dy: [N, O, H, W], filter: [O, I, 1, 1] → [N, I, H, W] blocked */
export function pointwiseInputGradient(g: Graph, dy: Value, filter: Value): Value {
  const [n, outputs, height, width] = mapsOf(dy);
  const inputs = filter.shape[1] as number;
  const [rows, columns] = [whole(g, outputs), whole(g, inputs)];
  const shape = [1, columns, n * height, width];
  const back = backwards(g, filter);
  const factor = scaled(g, blocksOf(g, dy));
  // a gradient that was merely scaled: the scale goes into the filter, and a pass over the maps is saved
  const byBlock =
    factor && g.multiply(g.reshape(back, [columns / g.layout.block, rows, g.layout.block]), g.reshape(factor.slope, [1, rows, 1]));
  const dx = byBlock
    ? conv(g, { x: factor.z, filter: g.reshape(byBlock, [columns, rows, 1, 1]) }, shape, { kernel_shape: [1, 1] })
    : conv(g, { x: asImage(g, dy), filter: back }, shape, { kernel_shape: [1, 1] });
  return inBlocks(dx, [n, inputs, height, width]);
}

/** Σ over examples and positions of dy·x for each pair of channels. x: [N, I, H, W], dy: [N, O, H, W] → [O, I, 1, 1] */
export function pointwiseFilterGradient(g: Graph, x: Value, dy: Value): Value {
  const [outputs, inputs] = [dy.shape[1] as number, x.shape[1] as number];
  const factor = scaled(g, blocksOf(g, dy));
  const maps = factor ? inBlocks(factor.z, dy.shape) : dy;
  const sums = filterSums(g, x, maps);
  const filter = factor ? g.multiply(sums, g.reshape(withoutPadding(g, factor.slope, outputs), [outputs, 1])) : sums;
  return g.reshape(filter, [outputs, inputs, 1, 1]);
}

/** [O, I] */
function filterSums(g: Graph, x: Value, dy: Value): Value {
  const [outputs, inputs] = [dy.shape[1] as number, x.shape[1] as number];
  const [rows, columns] = [whole(g, outputs), whole(g, inputs)];
  if (rows >= columns) {
    const packed = g.reshape(products(g, x, dy), [1, rows, 1, columns]);
    const filter = g.reshape(reorderOutput(g, packed, outputs), [outputs, columns]);
    return columns === inputs ? filter : g.slice(filter, [1], [0], [inputs]);
  }
  const packed = g.reshape(products(g, dy, x), [1, columns, rows, 1]);
  const filter = g.reshape(reorderOutput(g, packed, inputs, { last: true }), [rows, inputs]);
  return rows === outputs ? filter : g.slice(filter, [0], [0], [outputs]);
}

/**
 * Σ over all positions of small·big, as blocks [C_big/B][C_small][B]: a 1×1 convolution whose input channels are the
 * positions. `big`, as it lies, is its filter; `small`, which should have fewer channels, becomes blocks of positions.
 */
export function products(g: Graph, small: Value, big: Value): Value {
  const { block } = g.layout;
  const [n, , height, width] = mapsOf(small);
  const length = n * height * width;
  const [columns, rows] = [whole(g, small.shape[1] as number), whole(g, big.shape[1] as number)];
  if (length % block === 0) {
    const filter = g.reshape(blocksOf(g, big), [rows, length, 1, 1]);
    return conv(g, { x: positionsOf(g, small), filter }, [1, rows, 2, columns / 2], { kernel_shape: [1, 1] });
  }
  // positions don't fill blocks: a product of matrices for each pair of blocks, half as fast
  const left = g.reshape(blocksOf(g, small), [1, columns / block, length, block]);
  const right = g.reshape(blocksOf(g, big), [rows / block, 1, length, block]);
  return g.node('com.microsoft.FusedMatMul', [left, right], [rows / block, columns / block, block, block], { transA: 1 });
}

/** [C/B, N, H, W, B] → [L/B, C, B positions], L = N·H·W */
function positionsOf(g: Graph, x: Value): Value {
  const [n, channels, height, width] = mapsOf(x);
  const [padded, length] = [whole(g, channels), n * height * width];
  const rows = padded === g.layout.block ? blocksOf(g, x) : reorderOutput(g, asImage(g, x), padded, { last: true }); // [L, C]
  const shape = [1, length, 2, padded / 2];
  return reorderInput(g, g.reshape(rows, shape), shape);
}

/** [O, I, 1, 1] → [O/B][I][B] */
export function forwards(g: Graph, filter: Value): Value {
  const [rows, columns] = paddedTo(g, filter);
  return g.reshape(reorderInput(g, padded(g, filter, [1, rows, 1, columns]), [1, rows, 1, columns]), [rows, columns, 1, 1]);
}

/** [O, I, 1, 1] → [I/B][O][B], the filter of the way back */
export function backwards(g: Graph, filter: Value): Value {
  const [rows, columns] = paddedTo(g, filter);
  return g.reshape(reorderInput(g, padded(g, filter, [1, rows, 1, columns]), [1, columns, rows, 1], { last: true }), [columns, rows, 1, 1]);
}

function paddedTo(g: Graph, filter: Value): [rows: number, columns: number] {
  const [outputs, inputs] = filter.shape as unknown as Maps;
  return [whole(g, outputs), whole(g, inputs)];
}

function padded(g: Graph, filter: Value, shape: readonly number[]): Value {
  const [outputs, inputs] = filter.shape as unknown as Maps;
  const [rows, columns] = paddedTo(g, filter);
  return g.reshape(g.pad(filter, [0, 0, 0, 0], [rows - outputs, columns - inputs, 0, 0]), shape);
}
