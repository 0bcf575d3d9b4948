import type { Tensor } from '@tensorflow/tfjs-core';
import { check, registerGradient, run } from './kernel';

/** Added to scores that are not to be seen: far below any score, and far from float32's end, so that a row that sees nothing stays finite. */
export const unseen = -1e9;

export interface AttentionAttributes {
  readonly heads: number;
  /** What scores are multiplied by: 1/√d as a rule, 1 in T5. */
  readonly scale: number;
  /** Position i of the queries sees the keys up to i, the last query the last key. */
  readonly causal: boolean;
}

/**
 * Scaled dot-product attention of several heads (Vaswani et al. 2017): softmax(q·kᵀ·scale + bias)·v in each head.
 *
 * Sequence first: q: [S, N, heads·d], k, v: [T, N, heads·d] → [S, N, heads·d]. In this order heads need no transposes on
 * the way in. `bias` is added to the scores: [N or 1, heads or 1, S or 1, T]; a mask has large negative numbers where
 * nothing is to be seen (not −∞: a row that sees nothing would become NaN). It may learn (T5's positions do).
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { bias, heads, scale, causal = false }: { bias?: Tensor; heads: number; scale: number; causal?: boolean },
): Tensor {
  const [length, n, width] = q.shape as [number, number, number];
  check(
    q.rank === 3 && k.rank === 3 && v.rank === 3 && width % heads === 0 && `${k.shape}` === `${[k.shape[0], n, width]}`,
    () => `attention with ${heads} heads takes [S,N,D], [T,N,D], [T,N,D], not [${q.shape}], [${k.shape}], [${v.shape}]`,
  );
  check(`${v.shape}` === `${k.shape}`, () => `attention: values [${v.shape}] do not fit keys [${k.shape}]`);
  const full = [n, heads, length, k.shape[0]];
  check(
    !bias || (bias.rank === 4 && bias.shape[3] === full[3] && bias.shape.every((size, i) => size === 1 || size === full[i])),
    () => `attention: bias [${bias?.shape}] does not fit scores [${full}]`,
  );
  const attributes: AttentionAttributes = { heads, scale, causal };
  return bias ? run('ThawBiasedAttention', { q, k, v, bias }, attributes) : run('ThawAttention', { q, k, v }, attributes);
}

type Given = Record<string, Tensor>;

const gradients = (given: Given, dy: Tensor, attributes: AttentionAttributes) => ({
  q: () => run('ThawAttentionQueryGradient', { ...given, dy }, attributes),
  k: () => run('ThawAttentionKeyGradient', { ...given, dy }, attributes),
  v: () => run('ThawAttentionValueGradient', { ...given, dy }, attributes),
});

registerGradient<'q' | 'k' | 'v', AttentionAttributes>('ThawAttention', { inputs: ['q', 'k', 'v'] }, (dy, { inputs, attributes }) =>
  gradients(inputs, dy, attributes),
);

registerGradient<'q' | 'k' | 'v' | 'bias', AttentionAttributes>(
  'ThawBiasedAttention',
  { inputs: ['q', 'k', 'v', 'bias'] },
  (dy, { inputs, attributes }) => ({
    ...gradients(inputs, dy, attributes),
    bias: () => run('ThawAttentionBiasGradient', { ...inputs, dy }, attributes),
  }),
);
