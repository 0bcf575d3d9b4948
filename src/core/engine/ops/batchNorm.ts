import type { Tensor } from '@tensorflow/tfjs-core';
import { check, registerGradient, run, runMany } from './kernel';

export interface BatchNormAttributes {
  readonly epsilon: number;
}

interface Affine {
  /** γ: [C] */
  readonly scale: Tensor;
  /** β: [C] */
  readonly offset: Tensor;
  readonly epsilon: number;
}

/**
 * Inference form: γ·(x − mean) / √(variance + ε) + β, channel by channel. Nothing but x, γ and β can learn.
 * x: [N, C, H, W]; the rest: [C]
 */
export function batchNorm(x: Tensor, { scale, offset, mean, variance, epsilon }: Affine & { mean: Tensor; variance: Tensor }): Tensor {
  checkChannels(x, { scale, offset, mean, variance });
  return run('ThawBatchNorm', { x, scale, offset, mean, variance }, { epsilon });
}

/**
 * Training form (Ioffe & Szegedy 2015): normalised by the batch's own statistics, which are returned, the variance biased
 * (divided by N·H·W).
 * x: [N, C, H, W] → y: [N, C, H, W], mean, variance: [C]
 */
export function batchNormTraining(x: Tensor, { scale, offset, epsilon }: Affine): { y: Tensor; mean: Tensor; variance: Tensor } {
  checkChannels(x, { scale, offset });
  const [y, mean, variance] = runMany('ThawBatchNormTraining', { x, scale, offset }, { epsilon }) as [Tensor, Tensor, Tensor];
  return { y, mean, variance };
}

function checkChannels(x: Tensor, parts: Record<string, Tensor>): void {
  check(x.rank === 4, () => `a batch norm takes [N,C,H,W], not [${x.shape}]`);
  for (const [name, { rank, shape }] of Object.entries(parts))
    check(rank === 1 && shape[0] === x.shape[1], () => `batch norm: ${name} [${shape}] does not fit [${x.shape}]`);
}

registerGradient<'x' | 'scale' | 'mean' | 'variance', BatchNormAttributes>(
  'ThawBatchNorm',
  { inputs: ['x', 'scale', 'mean', 'variance'] },
  (dy, { inputs: { x, scale, mean, variance }, attributes }) => ({
    x: () => run('ThawBatchNormInputGradient', { dy, scale, variance }, attributes),
    scale: () => run('ThawBatchNormScaleGradient', { dy, x, mean, variance }, attributes),
    offset: () => run('ThawBiasGradient', { dy }),
  }),
);

registerGradient<'x' | 'scale', BatchNormAttributes>(
  'ThawBatchNormTraining',
  { inputs: ['x', 'scale'] },
  (dy, { dys, inputs: { x, scale }, attributes }) => ({
    x: () => {
      const [, dMean, dVariance] = dys as [Tensor, Tensor, Tensor];
      return run('ThawBatchNormTrainingInputGradient', { dy, dMean, dVariance, x, scale }, attributes);
    },
    scale: () => run('ThawBatchNormTrainingScaleGradient', { dy, x }, attributes),
    offset: () => run('ThawBiasGradient', { dy }),
  }),
);
