import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import type { Scope } from '../../nn';

/** How many tokens there are up to each position, itself counted: a mask of ones and zeros → int32 of its shape. */
export function runningCount(mask: Tensor, axis: number): Tensor {
  return tf.cast(tf.cumsum(tf.cast(mask, 'float32'), axis), 'int32');
}

/**
 * The place of each token in its text, counted from 0, int32 [S, N]: padding before the first token does not count. Without a
 * mask beside, and while a text is written, [S, 1].
 */
export function placesOf(length: number, scope: Scope): Tensor {
  const places = tf.expandDims(tf.range(0, length, 1, 'int32'), 1); // [S, 1]
  if (scope.past) return tf.add(places, scope.past.from);
  const mask = scope.beside?.('mask');
  if (!mask) return places;
  const isBefore = tf.equal(runningCount(tf.transpose(mask), 0), tf.scalar(0, 'int32')); // [S, N]
  const before = tf.sum(tf.cast(isBefore, 'int32'), 0, true);
  return tf.maximum(tf.sub(places, before), tf.scalar(0, 'int32'));
}
