import type { Tensors } from '../engine';
import * as tf from '../tf';
import { mapValues } from './gradients';
import { togetherUpTo } from './optimizers';

/**
 * Gradients of which all together have no larger norm than `maxNorm`, as PyTorch's `clip_grad_norm_`: where theirs is
 * larger, all are multiplied by maxNorm / (norm + 10⁻⁶).
 * @returns also their norm before, √Σ‖g‖² []
 */
export function clipByGlobalNorm(gradients: Tensors, maxNorm: number): { gradients: Tensors; norm: tf.Tensor } {
  const all = Object.values(gradients) as tf.Tensor[];
  if (all.length === 0) return { gradients, norm: tf.scalar(0) };
  const flat = all.map((gradient) => tf.reshape(gradient, [-1]) as tf.Tensor1D);
  const small = flat.filter(({ size }) => size <= togetherUpTo);
  const vectors = [...(small.length > 0 ? [tf.concat1d(small)] : []), ...flat.filter(({ size }) => size > togetherUpTo)];
  const norm = tf.sqrt(tf.addN(vectors.map((vector) => tf.sum(tf.square(vector)))));
  const factor = tf.minimum(1, tf.div(maxNorm, tf.add(norm, 1e-6)));
  return { gradients: mapValues(gradients, (gradient) => tf.mul(gradient, factor)), norm };
}
