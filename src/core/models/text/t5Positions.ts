import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import type { Embedding, Past, Scope } from '../../nn';

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
 * @param past where the keys are those of a text that is being written
 */
export function distanceBias(table: Embedding, length: number, buckets: Buckets, scope: Scope, past?: Past): Tensor {
  const bias = table.forward(past ? bucketsFrom(past, length, buckets) : bucketsWithin(length, buckets), scope); // [S, T, heads]
  return tf.expandDims(tf.transpose(bias, [2, 0, 1]), 0);
}

/** int32 [S, S] */
function bucketsWithin(length: number, buckets: Buckets): Tensor {
  const ids = Int32Array.from({ length: length * length }, (_, i) => bucketOf((i % length) - Math.floor(i / length), buckets));
  return tf.tensor(ids, [length, length], 'int32');
}

/** Of tokens whose places are known only when they come, looked up by distance: int32 [S, T] */
function bucketsFrom(past: Past, length: number, buckets: Buckets): Tensor {
  const furthest = past.length - 1;
  const ids = Int32Array.from({ length: 2 * furthest + 1 }, (_, i) => bucketOf(i - furthest, buckets));
  const first = tf.sub(tf.scalar(furthest, 'int32'), past.from);
  const apart = Int32Array.from({ length: length * past.length }, (_, i) => (i % past.length) - Math.floor(i / past.length));
  return tf.gather(tf.tensor1d(ids, 'int32'), tf.add(tf.tensor(apart, [length, past.length], 'int32'), first));
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
