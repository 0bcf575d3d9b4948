import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import { Linear, type Scope, type Shape } from '../../nn';

/** [N, S, D] → [N, D] */
export function firstToken(x: Tensor): Tensor {
  const [n, , features] = x.shape as [number, number, number];
  return tf.reshape(tf.slice(x, [0, 0, 0], [n, 1, features]), [n, features]);
}

/** A linear layer over the first token of each text, which stands for the whole. [N, S, D] → [N, out] */
export class FirstTokenLinear extends Linear {
  override forward(x: Tensor, scope: Scope): Tensor {
    return super.forward(firstToken(x), scope);
  }

  override outputShape(): Shape {
    return [this.output];
  }

  override childInputs(): Shape[] {
    return super.childInputs([this.input]);
  }
}
