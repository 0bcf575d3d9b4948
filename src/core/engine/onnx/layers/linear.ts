import type { MatMulAttributes } from '../../ops/linear';
import { blockedBiasGradient } from '../blocked/batchNorm';
import { blockedBias } from '../blocked/elementwise';
import type { Graph, Value } from '../graph';
import { define, floats } from '../kernels/define';
import { productAnd } from '../products';
import { roughProduct } from '../rough';
import { sizeOf } from '../shapes';

define<'a' | 'b', MatMulAttributes>(
  'ThawMatMul',
  (g, { a, b }, { transposeA, transposeB }) => {
    const rough = g.isRough && !transposeA && transposeB ? roughProduct(g, a, b) : null;
    if (rough) return rough;
    const shape = [a.shape[transposeA ? 1 : 0] as number, b.shape[transposeB ? 0 : 1] as number];
    return g.node('Gemm', [a, b], shape, { transA: Number(transposeA), transB: Number(transposeB) });
  },
  floats,
);

define<'x' | 'bias'>(
  'ThawAddBias',
  (g, { x, bias }) => {
    if (x.shape.length === 2) return productAnd(g, x, bias) ?? g.add(x, bias);
    return blockedBias(g, x, bias) ?? g.add(x, g.reshape(bias, [...bias.shape, ...x.shape.slice(2).map(() => 1)]));
  },
  floats,
);

/** dy: [N, C, …] → [C]: positions first, then examples. */
define<'dy'>(
  'ThawBiasGradient',
  (g, { dy }) => {
    if (dy.blocks) return blockedBiasGradient(g, dy);
    const positions = dy.shape.map((_, axis) => axis).slice(2);
    return sumOfRows(g, g.sum(dy, positions));
  },
  floats,
);

/** […, D] → [D]. Many rows go in two levels, so that float32's rounding stays small. */
export function sumOfRows(g: Graph, x: Value): Value {
  const width = x.shape.at(-1) as number;
  const rows = sizeOf(x.shape) / width;
  const inner = rows >= 128 ? (divisors.find((n) => rows % n === 0) ?? 1) : 1;
  if (inner === 1) return g.sum(g.reshape(x, [rows, width]), [0]);
  return g.sum(g.sum(g.reshape(x, [rows / inner, inner, width]), [1]), [0]);
}
const divisors = [32, 64, 16, 48, 24, 28, 49, 50, 8];
