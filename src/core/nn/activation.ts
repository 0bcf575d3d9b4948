import type { Tensor } from '@tensorflow/tfjs-core';
import { gelu, geluTanh, relu, relu6, silu, tf } from '../engine/ops';

/** Activations have no parameters, so they stay out of the tree: the layer before them applies them. */
export type Activation = 'none' | 'relu' | 'relu6' | 'silu' | 'gelu' | 'geluTanh' | 'tanh';

export function activate(x: Tensor, activation: Activation): Tensor {
  switch (activation) {
    case 'none':
      return x;
    case 'relu':
      return relu(x);
    case 'relu6':
      return relu6(x);
    case 'silu':
      return silu(x);
    case 'gelu':
      return gelu(x);
    case 'geluTanh':
      return geluTanh(x);
    case 'tanh':
      return tf.tanh(x);
  }
}
