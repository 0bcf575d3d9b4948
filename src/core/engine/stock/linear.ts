import type { MatMulAttributes } from '../ops/linear';
import * as tf from '../tf';
import { define } from './define';

define<'a' | 'b', MatMulAttributes>('ThawMatMul', ({ a, b }, { transposeA, transposeB }) => tf.matMul(a, b, transposeA, transposeB));

define<'x' | 'bias'>('ThawAddBias', ({ x, bias }) => tf.add(x, tf.reshape(bias, [...bias.shape, ...x.shape.slice(2).map(() => 1)])));

/** dy: [N, C, …] → [C]: positions first, then examples. */
define<'dy'>('ThawBiasGradient', ({ dy }) => {
  const positions = dy.shape.map((_, axis) => axis).slice(2);
  return tf.sum(tf.sum(dy, positions), 0);
});
