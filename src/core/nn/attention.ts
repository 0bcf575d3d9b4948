import type { Tensor } from '@tensorflow/tfjs-core';
import { attention, tf, unseen } from '../engine/ops';
import type { Scope } from './module';

/** [N, S, D] ↔ [S, N, D]. Attention wants the sequence first; between modules of a chain the batch is. Two swaps in a row cost nothing. */
export function swapped(x: Tensor): Tensor {
  return tf.transpose(x, [1, 0, 2]);
}

/** `mask` beside the ids, 1 for a token and 0 for padding [N, S] → what is added to the scores [N, 1, 1, S]; undefined without a mask. */
export function paddingBias(scope: Scope, name = 'mask'): Tensor | undefined {
  const mask = scope.beside?.(name);
  if (!mask) return undefined;
  const [n, length] = mask.shape as [number, number];
  return tf.reshape(tf.mul(tf.sub(1, tf.cast(mask, 'float32')), unseen), [n, 1, 1, length]);
}

/**
 * Attention where several query heads share a key and value head (Ainslie et al. 2023); with equal numbers, the usual one.
 * q: [S, N, heads·d], k, v: [T, N, shared·d] → [S, N, heads·d]
 */
export function groupedAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { shared, ...options }: { heads: number; shared: number; scale: number; causal?: boolean; bias?: Tensor },
): Tensor {
  const repeat = options.heads / shared;
  return attention(q, repeated(k, shared, repeat), repeated(v, shared, repeat), options);
}

/** Each head so many times, side by side: [T, N, shared·d] → [T, N, shared·repeat·d] */
function repeated(x: Tensor, shared: number, repeat: number): Tensor {
  if (repeat === 1) return x;
  const [length, n, width] = x.shape as [number, number, number];
  const heads = tf.reshape(x, [length * n, shared, 1, width / shared]);
  return tf.reshape(tf.tile(heads, [1, 1, repeat, 1]), [length, n, width * repeat]);
}
