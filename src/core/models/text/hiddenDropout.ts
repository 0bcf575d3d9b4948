import { mul, type Tensor } from '@tensorflow/tfjs-core';
import { Dropout, type Scope, swapped } from '../../nn';

/** Dropout between two links of a chain: as both have the sequence first inside, nothing is transposed. [N, S, D] → [N, S, D] */
export class HiddenDropout extends Dropout {
  override forward(x: Tensor, scope: Scope): Tensor {
    const [n, length, features] = x.shape as [number, number, number];
    const mask = this.mask([length, n, features], scope);
    return mask ? swapped(mul(swapped(x), mask)) : x;
  }
}
