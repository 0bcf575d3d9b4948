import type { Graph, Value } from '../graph';
import { sameShape } from '../shapes';
import { bare, clipped, conv, withSum } from './conv';
import { blocksOf, inBlocks, mapsOf, perChannel, swapped, whole } from './layout';
import { planeMeans } from './sums';

/** a + b where at least one of them is blocked; null where they are no feature maps of one shape. */
export function blockedSum(g: Graph, a: Value, b: Value): Value | null {
  if (!(a.blocks || b.blocks) || !sameShape(a.shape, b.shape)) return null;
  const [left, right] = [blocksOf(g, a), blocksOf(g, b)];
  const sum = withSum(g, left, right) ?? withSum(g, right, left) ?? g.add(left, g.reshape(right, left.shape));
  return inBlocks(sum, a.shape);
}

/** x + bias where the convolution before it can do that in its pass. */
export function blockedBias(g: Graph, x: Value, bias: Value): Value | null {
  const made = x.blocks && bare(g, x.blocks);
  const padded = perChannel(g, bias);
  if (!x.blocks || !made || made.filter.shape[0] !== padded.shape[0]) return null;
  return inBlocks(conv(g, { ...made, bias: padded }, x.blocks.shape, made.attributes), x.shape);
}

/** max(x, 0), or min(max(x, 0), most) */
export function blockedRelu(g: Graph, x: Value, most = Number.POSITIVE_INFINITY): Value {
  const blocks = blocksOf(g, x);
  const high = Math.min(most, 3.4028234663852886e38);
  const y = clipped(g, blocks, 0, high) ?? g.node('Clip', [blocks, g.scalar(0), g.scalar(high)], blocks.shape);
  return inBlocks(y, x.shape);
}

/** dy where 0 < y < most, else 0 */
export function blockedReluGradient(g: Graph, dy: Value, y: Value, most = Number.POSITIVE_INFINITY): Value {
  const blocks = blocksOf(g, y);
  const above = g.binary('Greater', blocks, g.scalar(0), 'bool');
  const inside =
    most === Number.POSITIVE_INFINITY ? above : g.binary('And', above, g.binary('Less', blocks, g.scalar(most), 'bool'), 'bool');
  return inBlocks(g.multiply(g.reshape(blocksOf(g, dy), blocks.shape), g.cast(inside, 'float32')), y.shape);
}

/** x: [N, C, H, W] blocked → [N, C] */
export function blockedGlobalAveragePool(g: Graph, x: Value): Value {
  const [n, channels] = mapsOf(x);
  const padded = whole(g, channels);
  const means = swapped(g, planeMeans(g, x), padded / g.layout.block, n, g.layout.block);
  const rows = g.reshape(means, [n, padded]);
  return padded === channels ? rows : g.slice(rows, [1], [0], [channels]);
}

/** dy: [N, C], x: [N, C, H, W] blocked → as x */
export function blockedGlobalAveragePoolGradient(g: Graph, dy: Value, x: Value): Value {
  const [n, channels, height, width] = mapsOf(x);
  const { block } = g.layout;
  const padded = whole(g, channels);
  const shares = g.pad(g.scale(dy, 1 / (height * width)), [0, 0], [0, padded - channels]);
  const planes = g.reshape(swapped(g, shares, n, padded / block, block), [(padded / block) * n, 1, block]);
  const shape = [(padded / block) * n, height * width, block];
  return inBlocks(g.node('Expand', [planes, g.integers(shape)], shape), x.shape);
}
