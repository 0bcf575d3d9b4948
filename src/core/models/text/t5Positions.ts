import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import type { Embedding, Scope } from '../../nn';

export interface Buckets {
  readonly count: number;
  /** Distances from here on are one. */
  readonly furthest: number;
  /** Whether keys after the query have buckets of their own: in the encoder. */
  readonly bothWays: boolean;
}

/**
 * What is added to attention's scores for how far the key lies from the query (Raffel et al. 2020): a number for each head and
 * bucket of distances. table: [buckets, heads] → [1, heads, S, T]
 */
export function distanceBias(table: Embedding, length: number, buckets: Buckets, scope: Scope): Tensor {
  const ids = Int32Array.from({ length: length * length }, (_, i) => bucketOf((i % length) - Math.floor(i / length), buckets));
  const bias = table.forward(tf.tensor(ids, [length, length], 'int32'), scope); // [S, T, heads]
  return tf.expandDims(tf.transpose(bias, [2, 0, 1]), 0);
}

/**
 * Small distances have a bucket each, larger ones share them by their logarithm. Rounded to float32 where transformers does:
 * at powers of two the logarithm falls next to the border of a bucket.
 * @param distance the key's place less the query's
 */
export function bucketOf(distance: number, { count, furthest, bothWays }: Buckets): number {
  const own = bothWays ? Math.floor(count / 2) : count;
  const first = bothWays && distance > 0 ? own : 0;
  const far = bothWays ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(own / 2);
  if (far < exact) return first + far;
  const { fround, log } = Math;
  const share = fround(fround(log(fround(far / exact))) / fround(log(furthest / exact)));
  return first + Math.min(own - 1, exact + Math.trunc(fround(share * (own - exact))));
}
