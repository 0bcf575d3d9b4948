import type { MatMulAttributes } from '../../ops/linear';
import { blockedBiasGradient } from '../blocked/batchNorm';
import { blockedBias } from '../blocked/elementwise';
import { define, floats } from '../kernels/define';

define<'a' | 'b', MatMulAttributes>(
  'ThawMatMul',
  (g, { a, b }, { transposeA, transposeB }) => {
    const shape = [a.shape[transposeA ? 1 : 0] as number, b.shape[transposeB ? 0 : 1] as number];
    return g.node('Gemm', [a, b], shape, { transA: Number(transposeA), transB: Number(transposeB) });
  },
  floats,
);

define<'x' | 'bias'>(
  'ThawAddBias',
  (g, { x, bias }) => blockedBias(g, x, bias) ?? g.add(x, g.reshape(bias, [...bias.shape, ...x.shape.slice(2).map(() => 1)])),
  floats,
);

/** dy: [N, C, …] → [C]: positions first, then examples. */
define<'dy'>(
  'ThawBiasGradient',
  (g, { dy }) => {
    if (dy.blocks) return blockedBiasGradient(g, dy);
    const positions = dy.shape.map((_, axis) => axis).slice(2);
    return g.sum(g.sum(dy, positions), [0]);
  },
  floats,
);
