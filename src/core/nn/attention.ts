import type { Tensor } from '@tensorflow/tfjs-core';
import { attention, tf, unseen } from '../engine/ops';
import type { Dropout } from './dropout';
import type { Module, Past, Scope } from './module';

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

interface Options {
  readonly heads: number;
  /** Heads of keys and values. */
  readonly shared: number;
  readonly scale: number;
  readonly bias?: Tensor;
  readonly causal?: boolean;
  /** Of what tokens look at, in training. */
  readonly dropout: Dropout;
}

/** Attention of which a step of training leaves out a share: a token does not see some of the others. Shapes as those of `attention`. */
export function droppedAttention(q: Tensor, k: Tensor, v: Tensor, { dropout, ...options }: Omit<Options, 'shared'>, scope: Scope): Tensor {
  const [queries, n] = q.shape as [number, number];
  const kept = dropout.mask([n, options.heads, queries, k.shape[0] as number], scope);
  return attention(q, k, v, { ...options, kept });
}

/**
 * Attention of a text to itself, of each token to those up to it. While the text is written (see Scope.past), tokens before
 * are in what the module keeps: it says so of `keys` and `values`.
 * q: [S, N, heads·d], k, v: [S, N, shared·d] → [S, N, heads·d]
 */
export function causalAttention(
  module: Module,
  [q, k, v]: readonly [Tensor, Tensor, Tensor],
  { shared, ...options }: Omit<Options, 'shared'> & { readonly shared?: number },
  scope: Scope,
): Tensor {
  const { past } = scope;
  const grouped = { ...options, shared: shared ?? options.heads };
  if (!past) return groupedAttention(q, k, v, { ...grouped, causal: true }, scope);
  const [keys, values] = [past.extended(module.nameOf('keys'), k), past.extended(module.nameOf('values'), v)];
  const seen = upTo(past, q.shape[0] as number);
  const bias = grouped.bias ? tf.add(grouped.bias, seen) : seen;
  return (q.shape[0] === 1 ? groupedQuery : groupedAttention)(q, keys, values, { ...grouped, bias }, scope);
}

/** What is added to the scores of S tokens so that each sees those up to it: [1, 1, S, T] */
function upTo(past: Past, length: number): Tensor {
  const places = tf.add(tf.range(0, length, 1, 'int32'), past.from);
  const isLater = tf.greater(tf.range(0, past.length, 1, 'int32'), tf.expandDims(places, 1)); // [S, T]
  return tf.reshape(tf.mul(tf.cast(isLater, 'float32'), unseen), [1, 1, length, past.length]);
}

/**
 * Attention where several query heads share a key and value head (Ainslie et al. 2023); with equal numbers, the usual one.
 * q: [S, N, heads·d], k, v: [T, N, shared·d] → [S, N, heads·d]
 */
function groupedAttention(q: Tensor, k: Tensor, v: Tensor, { shared, ...options }: Options, scope: Scope): Tensor {
  const repeat = options.heads / shared;
  return droppedAttention(q, repeated(k, shared, repeat), repeated(v, shared, repeat), options, scope);
}

/**
 * The same for a single query: those that share a key stand in for its sequence, so that no key is repeated.
 * q: [1, N, heads·d], k, v: [T, N, shared·d] → [1, N, heads·d]
 */
function groupedQuery(q: Tensor, k: Tensor, v: Tensor, { shared, ...options }: Options, scope: Scope): Tensor {
  const repeat = options.heads / shared;
  if (repeat === 1) return droppedAttention(q, k, v, options, scope);
  const [, n, width] = q.shape as [number, number, number];
  const d = width / options.heads;
  const queries = tf.transpose(tf.reshape(q, [n, shared, repeat, d]), [2, 0, 1, 3]);
  const seen = droppedAttention(tf.reshape(queries, [repeat, n, shared * d]), k, v, { ...options, heads: shared }, scope);
  return tf.reshape(tf.transpose(tf.reshape(seen, [repeat, n, shared, d]), [1, 2, 0, 3]), [1, n, width]);
}

/** Each head so many times, side by side: [T, N, shared·d] → [T, N, shared·repeat·d] */
function repeated(x: Tensor, shared: number, repeat: number): Tensor {
  if (repeat === 1) return x;
  const [length, n, width] = x.shape as [number, number, number];
  const heads = tf.reshape(x, [length * n, shared, 1, width / shared]);
  return tf.reshape(tf.tile(heads, [1, 1, repeat, 1]), [length, n, width * repeat]);
}
