import { define, numbers } from '../kernels/define';
import { sizeOf } from '../shapes';

define<'table' | 'ids'>(
  'ThawEmbedding',
  (g, { table, ids }) => {
    const [rows, width] = table.shape as [number, number];
    // Gather fails on an id ≥ V but counts negative ones from the end: those are made V
    const checked = g.where(g.binary('Less', ids, g.scalar(0, 'int32'), 'bool'), g.scalar(rows, 'int32'), ids);
    return g.node('Gather', [table, checked], [...ids.shape, width], { axis: 0 });
  },
  numbers,
);

/** dy: […, D], ids: […] → [rows, D] */
define<'dy' | 'ids', { rows: number }>(
  'ThawEmbeddingGradient',
  (g, { dy, ids }, { rows }) => {
    const [count, width] = [sizeOf(ids.shape), dy.shape.at(-1) as number];
    const zeros = g.node('Expand', [g.scalar(0), g.integers([rows, width])], [rows, width]);
    // ScatterND would take whole rows, but adds them on several threads at once: rows that are named twice lose terms
    const index = g.node('Expand', [g.reshape(ids, [count, 1]), g.integers([count, width])], [count, width]);
    const attributes = { axis: 0, reduction: 'add' };
    return g.node('ScatterElements', [zeros, index, g.reshape(dy, [count, width])], [rows, width], attributes);
  },
  numbers,
);
