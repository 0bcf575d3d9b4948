import { columnsOf, type DropoutAttributes, hash, keptScale } from '../../ops/dropout';
import type { Graph, Value } from '../graph';
import { define } from '../kernels/define';
import { sizeOf } from '../shapes';

define<'key', DropoutAttributes>(
  'ThawDropoutMask',
  (g, { key }, attributes) => {
    const { shape, name, threshold } = attributes;
    const size = sizeOf(shape);
    const columns = columnsOf(size);
    const rows = Math.ceil(size / columns);
    const words = hashed(g, key, name, rows + columns);
    const byRow = g.reshape(g.slice(words, [0], [0], [rows]), [rows, 1]);
    const products = g.multiply(byRow, g.slice(words, [0], [rows], [rows + columns]));
    const kept = g.binary('GreaterOrEqual', products, g.scalar(threshold * 65536 - 0x80000000, 'int32'), 'bool');
    const scaled = g.scale(g.cast(kept, 'float32'), keptScale(attributes)); // where Where would take ten times as long
    const whole = rows * columns === size ? scaled : g.slice(g.reshape(scaled, [rows * columns]), [0], [0], [size]);
    return g.reshape(whole, shape);
  },
  ['int32'],
);

/** Odd words: int32 [count] */
function hashed(g: Graph, key: Value, name: DropoutAttributes['name'], count: number): Value {
  const part = (at: 0 | 1) => g.add(g.slice(key, [0], [at], [at + 1]), g.scalar(name[at], 'int32'));
  const [a, b, c] = hash.shifts;
  const first = g.add(positions(g, count), part(0));
  const second = g.multiply(mixed(g, first, a), g.scalar(hash.first, 'int32'));
  const third = g.multiply(g.add(mixed(g, second, b), part(1)), g.scalar(hash.second, 'int32'));
  return g.binary('BitwiseOr', mixed(g, third, c), g.scalar(1, 'int32'));
}

/** i · stride: onnxruntime computes it once, and the model need not hold it. int32 [count] */
function positions(g: Graph, count: number): Value {
  const all = g.node('Range', [g.scalar(0, 'int32'), g.scalar(count, 'int32'), g.scalar(1, 'int32')], [count]);
  return g.multiply(all, g.scalar(hash.stride, 'int32'));
}

/** x ⊕ (x >>> by) */
function mixed(g: Graph, x: Value, by: number): Value {
  const word = g.cast(x, 'uint32');
  const shifted = g.node('BitShift', [word, g.scalar(by, 'uint32')], x.shape, { direction: 'RIGHT' });
  return g.cast(g.binary('BitwiseXor', word, shifted), 'int32');
}
