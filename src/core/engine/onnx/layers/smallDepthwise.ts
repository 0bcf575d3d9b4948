import type { Conv2dAttributes } from '../../ops/conv2d';
import { outputSize } from '../../ops/geometry';
import type { Graph, Value } from '../graph';
import { sizeOf } from '../shapes';

type Maps = [n: number, channels: number, height: number, width: number];

/** Positions of a map up to which this is quicker than the stock kernel, which goes through examples and channels one by one. */
const mostPositions = 64;

/**
 * Depthwise convolutions of small maps as matrix products: for each channel, [N, H·W] by the [H·W, H'·W'] matrix that holds
 * tap t where it leads from a position to another. Those matrices are products, too: of the filters [C, kh·kw] and a
 * constant. A filter that is constant belongs to a frozen part, which onnxruntime folds: it is left as it is.
 */
export function isSmallDepthwise(
  g: Graph,
  inputShape: Maps,
  filterShape: readonly number[],
  filter: Value | null,
  window: Conv2dAttributes,
): boolean {
  const [, , height, width] = inputShape;
  if (window.groups === 1 || filterShape[0] !== window.groups || filterShape[1] !== 1 || (filter && g.dataOf(filter))) return false;
  return Math.max(height * width, sizeOf(outputSize([height, width], window))) <= mostPositions;
}

/** x: [N, C, H, W], filter: [C, 1, kh, kw] → [N, C, H', W'] */
export function smallDepthwise(g: Graph, x: Value, filter: Value, window: Conv2dAttributes): Value {
  const [n, channels, ...size] = x.shape as Maps;
  const output = outputSize(size, window);
  const [from, to] = [sizeOf(size), sizeOf(output)];
  const taps = g.floats(tapsOf(size, output, window), [sizeOf(window.size), from * to]);
  const matrices = g.reshape(g.node('MatMul', [flat(g, filter), taps], [channels, from * to]), [channels, from, to]);
  return byExample(g, g.node('MatMul', [byChannel(g, x), matrices], [channels, n, to]), output);
}

/** dy: [N, C, H', W'], filter: [C, 1, kh, kw] → [N, C, H, W] */
export function smallDepthwiseInputGradient(g: Graph, dy: Value, filter: Value, inputShape: Maps, window: Conv2dAttributes): Value {
  const [n, channels, ...size] = inputShape;
  const output = dy.shape.slice(2);
  const [from, to] = [sizeOf(size), sizeOf(output)];
  const count = sizeOf(window.size);
  const back = g.floats(transposed(tapsOf(size, output, window), [count, from, to]), [count, to * from]);
  const matrices = g.node('MatMul', [flat(g, filter), back], [channels, to * from]);
  const rows = g.node('MatMul', [byChannel(g, dy), g.reshape(matrices, [channels, to, from])], [channels, n, from]);
  return byExample(g, rows, size);
}

/** x: [N, C, H, W], dy: [N, C, H', W'] → [C, 1, kh, kw]: products for all pairs of positions, summed for each tap. */
export function smallDepthwiseFilterGradient(g: Graph, x: Value, dy: Value, filterShape: Maps, window: Conv2dAttributes): Value {
  const [, channels, ...size] = x.shape as Maps;
  const output = dy.shape.slice(2);
  const [from, to] = [sizeOf(size), sizeOf(output)];
  const pairs = g.node('MatMul', [g.transpose(byChannel(g, x), [0, 2, 1]), byChannel(g, dy)], [channels, from, to]);
  const count = sizeOf(window.size);
  const taps = g.floats(transposed(tapsOf(size, output, window), [1, count, from * to]), [from * to, count]);
  return g.reshape(g.node('MatMul', [g.reshape(pairs, [channels, from * to]), taps], [channels, count]), filterShape);
}

/** [kh·kw, H·W, H'·W']: 1 where the tap leads from one position to the other. */
function tapsOf([height, width]: readonly number[], [outHeight, outWidth]: readonly number[], window: Conv2dAttributes): Float32Array {
  const [h, w, oh, ow] = [height, width, outHeight, outWidth] as [number, number, number, number];
  const { size, strides, dilations, pads } = window;
  const taps = new Float32Array(size[0] * size[1] * h * w * oh * ow);
  for (let i = 0; i < size[0]; i++)
    for (let j = 0; j < size[1]; j++)
      for (let row = 0; row < oh; row++)
        for (let column = 0; column < ow; column++) {
          const y = row * strides[0] + i * dilations[0] - pads.top;
          const x = column * strides[1] + j * dilations[1] - pads.left;
          if (y < 0 || y >= h || x < 0 || x >= w) continue;
          taps[(((i * size[1] + j) * h + y) * w + x) * oh * ow + row * ow + column] = 1;
        }
  return taps;
}

/** [count, rows, columns] → [count, columns, rows] */
function transposed(values: Float32Array, [count, rows, columns]: readonly [number, number, number]): Float32Array {
  const result = new Float32Array(values.length);
  for (let k = 0; k < count; k++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) result[(k * columns + j) * rows + i] = values[(k * rows + i) * columns + j] as number;
  return result;
}

function flat(g: Graph, filter: Value): Value {
  return g.reshape(filter, [filter.shape[0] as number, sizeOf(filter.shape.slice(2))]);
}

/** [N, C, H, W] → [C, N, H·W] */
function byChannel(g: Graph, x: Value): Value {
  const [n, channels, height, width] = x.shape as Maps;
  return g.transpose(g.reshape(x, [n, channels, height * width]), [1, 0, 2]);
}

/** [C, N, H·W] → [N, C, H, W] */
function byExample(g: Graph, rows: Value, size: readonly number[]): Value {
  const [channels, n] = rows.shape as [number, number];
  return g.reshape(g.transpose(rows, [1, 0, 2]), [n, channels, ...size]);
}
