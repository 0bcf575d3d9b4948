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

export interface AttentionOptions extends Omit<AttentionAttributes, 'causal'> {
  readonly causal?: boolean;
  readonly bias?: Tensor;
  /** What the softmax is multiplied by, which does not learn: a mask of dropout [N, heads, S, T]. */
  readonly kept?: Tensor;
}

/**
 * Scaled dot-product attention of several heads (Vaswani et al. 2017): softmax(q·kᵀ·scale + bias)·v in each head.
 *
 * Sequence first: q: [S, N, heads·d], k, v: [T, N, heads·d] → [S, N, heads·d]. In this order heads need no transposes on
 * the way in. `bias` is added to the scores: [N or 1, heads or 1, S or 1, T]; a mask has large negative numbers where
 * nothing is to be seen (not −∞: a row that sees nothing would become NaN). It may learn (T5's positions do).
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, { bias, kept, heads, scale, causal = false }: AttentionOptions): Tensor {
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
  check(!kept || `${kept.shape}` === `${full}`, () => `attention: kept [${kept?.shape}] does not fit scores [${full}]`);
  const given = { q, k, v, ...(bias && { bias }), ...(kept && { kept }) };
  const attributes: AttentionAttributes = { heads, scale, causal };
  return run(`Thaw${bias ? 'Biased' : ''}${kept ? 'Thinned' : ''}Attention`, given, attributes);
}

/** Its kernels, by what they take beside q, k and v. */
export const attentionKernels = {
  ThawAttention: [],
  ThawBiasedAttention: ['bias'],
  ThawThinnedAttention: ['kept'],
  ThawBiasedThinnedAttention: ['bias', 'kept'],
} as const;

type Given = Record<'q' | 'k' | 'v', Tensor> & { readonly bias?: Tensor; readonly kept?: Tensor };

for (const [kernel, others] of Object.entries(attentionKernels))
  registerGradient<'q' | 'k' | 'v', AttentionAttributes>(
    kernel,
    { inputs: ['q', 'k', 'v', ...others] as ('q' | 'k' | 'v')[] },
    (dy, { inputs, attributes }) => {
      const given: Given = inputs;
      const gradient = (of: string) => () => run(`ThawAttention${of}Gradient`, { ...inputs, dy }, attributes);
      return {
        ...{ q: gradient('Query'), k: gradient('Key'), v: gradient('Value') },
        ...(given.bias && { bias: gradient('Bias') }),
      };
    },
  );
