import type { Tensor } from '@tensorflow/tfjs-core';
import { check, run } from './kernel';

/**
 * Rows of a tensor replaced by others, from a place on that is known only when it runs. They must fit: a place beyond the end
 * fails the run. It has no gradient.
 * x: [T, …], rows: [S, …] with S ≤ T, from: int32 scalar → [T, …]
 */
export function putRows(x: Tensor, rows: Tensor, from: Tensor): Tensor {
  check(
    from.dtype === 'int32' &&
      from.rank === 0 &&
      x.rank === rows.rank &&
      (rows.shape[0] as number) <= (x.shape[0] as number) &&
      `${x.shape.slice(1)}` === `${rows.shape.slice(1)}`,
    () => `putRows takes [T,…], [S,…] and an int32 scalar, not [${x.shape}], [${rows.shape}] and ${from.dtype} [${from.shape}]`,
  );
  return run('ThawPutRows', { x, rows, from });
}
