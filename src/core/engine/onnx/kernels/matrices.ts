import * as l10n from '@vscode/l10n';
import type { Graph, Value } from '../graph';
import { unsupported } from '../recorder';
import { broadcastShapes, sizeOf } from '../shapes';
import { define, floats, numbers } from './define';

define<'a' | 'b', { transposeA: boolean; transposeB: boolean }>(
  'BatchMatMul',
  (g, { a, b }, { transposeA, transposeB }) => {
    const left = transposeA ? g.transpose(a, lastTwoSwapped(a)) : a;
    const right = transposeB ? g.transpose(b, lastTwoSwapped(b)) : b;
    const batch = broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2));
    return g.node('MatMul', [left, right], [...batch, left.shape.at(-2) as number, right.shape.at(-1) as number]);
  },
  floats,
);

function lastTwoSwapped({ shape }: Value): number[] {
  const axes = shape.map((_, axis) => axis);
  return [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
}

/** Indices outside of [0, depth) give a row of `offValue`, as in tfjs; ONNX's own OneHot would wrap negative ones. */
define<'indices', { depth: number; onValue: number; offValue: number; dtype: 'float32' | 'int32' }>(
  'OneHot',
  (g, { indices }, { depth, onValue, offValue, dtype }) =>
    g.where(hits(g, indices, depth), g.scalar(onValue, dtype), g.scalar(offValue, dtype)),
  ['int32'],
);

/** [...] int32 → [..., depth] bool: where the index is the position. */
function hits(g: Graph, indices: Value, depth: number): Value {
  const positions = g.constant(
    Int32Array.from({ length: depth }, (_, i) => i),
    [depth],
    'int32',
  );
  return g.binary('Equal', g.reshape(indices, [...indices.shape, 1]), positions, 'bool');
}

define<'x' | 'indices', { axis: number; batchDims: number }>(
  'GatherV2',
  (g, { x, indices }, { axis, batchDims }) => {
    if (batchDims) throw unsupported(l10n.t('The operation {0} cannot be recorded.', 'GatherV2 (batchDims)'));
    const along = axis < 0 ? axis + x.shape.length : axis;
    const shape = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)];
    return g.node('Gather', [x, indices], shape, { axis: along });
  },
  numbers,
);

/** [n, …] and [n] → [segments, …]. A product with a one-hot matrix: the order of its sums is always the same. */
define<'x' | 'segmentIds', { numSegments: number }>(
  'UnsortedSegmentSum',
  (g, { x, segmentIds }, { numSegments }) => {
    const [n, ...rest] = x.shape as [number, ...number[]];
    const rows = g.cast(hits(g, segmentIds, numSegments), x.dtype); // [n, segments]
    const sums = g.node('MatMul', [g.transpose(rows, [1, 0]), g.reshape(x, [n, sizeOf(rest)])], [numSegments, sizeOf(rest)]);
    return g.reshape(sums, [numSegments, ...rest]);
  },
  numbers,
);
