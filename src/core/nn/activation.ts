import type { Tensor } from '@tensorflow/tfjs-core';
import { relu, relu6, silu } from '../engine/ops';

/** Activations have no parameters, so they stay out of the tree: the layer before them applies them. */
export type Activation = 'none' | 'relu' | 'relu6' | 'silu';

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
  }
}
