import type { Tensor } from '@tensorflow/tfjs-core';
import { registerGradient, run } from './kernel';

export type Activation = 'relu' | 'relu6' | 'silu' | 'hardSwish' | 'hardSigmoid' | 'sigmoid' | 'gelu' | 'geluTanh';
export interface ActivationAttributes {
  readonly activation: Activation;
}

const activate = (activation: Activation) => (x: Tensor) => run('ThawActivation', { x }, { activation });

/** max(x, 0) */
export const relu = activate('relu');
/** min(max(x, 0), 6); its gradient at 0 and at 6 is 0, as PyTorch's. */
export const relu6 = activate('relu6');
/** x·σ(x) (Elfwing et al. 2018), also called swish. */
export const silu = activate('silu');
/** x·relu6(x + 3) / 6 (Howard et al. 2019) */
export const hardSwish = activate('hardSwish');
/** relu6(x + 3) / 6 */
export const hardSigmoid = activate('hardSigmoid');
/** x·Φ(x), Φ the normal distribution (Hendrycks & Gimpel 2016). */
export const gelu = activate('gelu');
/** Its approximation x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), Hugging Face's `gelu_new`. */
export const geluTanh = activate('geluTanh');
/** 1 / (1 + e⁻ˣ) */
export const sigmoid = activate('sigmoid');

registerGradient<'x', ActivationAttributes>(
  'ThawActivation',
  { inputs: ['x'], output: true },
  (dy, { inputs: { x }, output: y, attributes }) => ({
    x: () => run('ThawActivationGradient', { dy, x, y }, attributes),
  }),
);
