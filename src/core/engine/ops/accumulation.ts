import type { Tensors } from '../engine';
import * as tf from '../tf';
import { mapValues } from './gradients';

/**
 * Gradients of several small batches for one update. The loss of each is a sum Σ wᵢ lᵢ whose weights are not divided by
 * anything: 1 for each token or example that counts, say. So the update sees the mean over all of them, whichever batch they
 * came in; a mean of the batches' means would let the tokens of short batches count more.
 *
 * Between two updates the sums are state beside the parameters, zeros at first; all by the parameters' names.
 */
export function addGradients(sums: Tensors, gradients: Tensors): Tensors {
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, tf.add(sum as tf.Tensor, gradients[name] as tf.Tensor)]));
}

/**
 * When the update is due: the gradients of the weighted mean, and sums to begin the next one with.
 * @param weight [] Σ wᵢ over all batches that were added, above 0
 */
export function meanGradients(sums: Tensors, weight: tf.Tensor): { gradients: Tensors; sums: Tensors } {
  return { gradients: mapValues(sums, (sum) => tf.div(sum, weight)), sums: mapValues(sums, (sum) => tf.zerosLike(sum)) };
}
