import { define, numbers } from '../kernels/define';

define<'x' | 'rows' | 'from'>(
  'ThawPutRows',
  (g, { x, rows, from }) => {
    const count = rows.shape[0] as number;
    const first = g.reshape(g.cast(from, 'int64'), [1, 1]);
    const steps = g.constant(
      BigInt64Array.from({ length: count }, (_, i) => BigInt(i)),
      [count, 1],
      'int64',
    );
    const places = count === 1 ? first : g.node('Add', [steps, first], [count, 1]);
    return g.node('ScatterND', [x, places, rows], x.shape);
  },
  numbers,
);
