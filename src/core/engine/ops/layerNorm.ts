import * as tf from '../tf';
import { check, registerGradient, run } from './kernel';

export interface NormAttributes {
  readonly epsilon: number;
}

/**
 * Layer normalisation (Ba et al. 2016): γ·(x − mean) / √(variance + ε) + β, both over the last axis.
 * x: […, D]; scale γ, offset β: [D] → […, D]
 */
export function layerNorm(x: tf.Tensor, { scale, offset, epsilon }: { scale: tf.Tensor; offset: tf.Tensor; epsilon: number }): tf.Tensor {
  checkFeatures(x, { scale, offset });
  return run('ThawLayerNorm', { x, scale, offset }, { epsilon });
}

/**
 * Root mean square normalisation (Zhang & Sennrich 2019): γ·x / √(mean(x²) + ε), over the last axis.
 * x: […, D]; scale γ: [D] → […, D]
 */
export function rmsNorm(x: tf.Tensor, { scale, epsilon }: { scale: tf.Tensor; epsilon: number }): tf.Tensor {
  checkFeatures(x, { scale });
  return run('ThawRmsNorm', { x, scale }, { epsilon });
}

function checkFeatures(x: tf.Tensor, parts: Record<string, tf.Tensor>): void {
  check(x.rank >= 2, () => `a layer norm takes […,D], not [${x.shape}]`);
  for (const [name, { rank, shape }] of Object.entries(parts))
    check(rank === 1 && shape[0] === x.shape.at(-1), () => `layer norm: ${name} [${shape}] does not fit [${x.shape}]`);
}

registerGradient<'x' | 'scale', NormAttributes>(
  'ThawLayerNorm',
  { inputs: ['x', 'scale'] },
  (dy, { inputs: { x, scale }, attributes }) => ({
    x: () => run('ThawLayerNormInputGradient', { dy, x, scale }, attributes),
    scale: () => run('ThawLayerNormScaleGradient', { dy, x }, attributes),
    offset: () => run('ThawBiasGradient', { dy: tf.reshape(dy, [-1, dy.shape.at(-1) as number]) }),
  }),
);

registerGradient<'x' | 'scale', NormAttributes>('ThawRmsNorm', { inputs: ['x', 'scale'] }, (dy, { inputs: { x, scale }, attributes }) => ({
  x: () => run('ThawRmsNormInputGradient', { dy, x, scale }, attributes),
  scale: () => run('ThawRmsNormScaleGradient', { dy, x }, attributes),
}));
