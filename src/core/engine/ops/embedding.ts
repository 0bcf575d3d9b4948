import type * as tf from '../tf';
import { check, registerGradient, run } from './kernel';

/**
 * Rows of a table by number. An id outside of 0 … V−1 fails the run.
 * table: [V, D], ids: int32 […] → […, D]
 */
export function embedding(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  check(
    table.rank === 2 && ids.dtype === 'int32',
    () => `embedding takes [V,D] and int32, not [${table.shape}] and ${ids.dtype} [${ids.shape}]`,
  );
  return run('ThawEmbedding', { table, ids });
}

/** The gradient of a table is dense, as PyTorch's: zero in rows that no id names. */
registerGradient<'table' | 'ids'>('ThawEmbedding', { inputs: ['table', 'ids'] }, (dy, { inputs: { table, ids } }) => ({
  table: () => run('ThawEmbeddingGradient', { dy, ids }, { rows: table.shape[0] }),
}));
