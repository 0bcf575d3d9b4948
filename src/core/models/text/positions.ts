import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';

/** How many tokens there are up to each position, itself counted: a mask of ones and zeros → int32 of its shape. */
export function runningCount(mask: Tensor, axis: number): Tensor {
  return tf.cast(tf.cumsum(tf.cast(mask, 'float32'), axis), 'int32');
}
