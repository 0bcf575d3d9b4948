import * as tf from '../tf';
import { define } from './define';

define<'table' | 'ids'>('ThawEmbedding', ({ table, ids }, _, backend) => {
  // A GPU would not notice an id that is out of range.
  const rows = table.shape[0] as number;
  const wrong = [...(backend.readSync(ids.dataId) as Int32Array)].find((id) => id < 0 || id >= rows);
  if (wrong !== undefined) throw new RangeError(`embedding: the id ${wrong} is none of ${rows} rows`);
  return tf.gather(table, ids);
});

define<'dy' | 'ids', { rows: number }>('ThawEmbeddingGradient', ({ dy, ids }, { rows }) =>
  tf.unsortedSegmentSum(tf.reshape(dy, [ids.size, dy.shape.at(-1) as number]), tf.reshape(ids, [ids.size]) as tf.Tensor1D, rows),
);
