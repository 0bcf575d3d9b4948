import { type DropoutAttributes, hash, keptScale } from '../../ops/dropout';
import type { Graph, Value } from '../graph';
import { define } from '../kernels/define';
import { sizeOf } from '../shapes';

define<'key', DropoutAttributes>(
  'ThawDropoutMask',
  (g, { key }, attributes) => {
    const { shape, name, threshold } = attributes;
    const size = sizeOf(shape);
    const half = Math.ceil(size / 2);
    const part = (at: 0 | 1) => g.add(g.slice(key, [0], [at], [at + 1]), g.scalar(name[at], 'int32'));
    const [a, b, c] = hash.shifts;
    const first = g.add(positions(g, half), part(0));
    const second = g.multiply(mixed(g, first, a), g.scalar(hash.first, 'int32'));
    const third = g.multiply(g.add(mixed(g, second, b), part(1)), g.scalar(hash.second, 'int32'));
    const words = mixed(g, third, c);
    // half a word as a signed number: the upper one counts as the word does, the lower one is moved up
    const bound = g.scalar(threshold * 65536 - 0x80000000, 'int32');
    const kept = (x: Value) => g.binary('GreaterOrEqual', x, bound, 'bool');
    const both = g.concat([kept(words), kept(g.multiply(words, g.scalar(65536, 'int32')))], 0);
    const all = both.shape[0] === size ? both : g.slice(both, [0], [0], [size]);
    return g.reshape(g.where(all, g.scalar(keptScale(attributes)), g.scalar(0)), shape);
  },
  ['int32'],
);

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
