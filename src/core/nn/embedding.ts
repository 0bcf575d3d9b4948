import type { Tensor } from '@tensorflow/tfjs-core';
import { embedding } from '../engine/ops';
import { Module, type Scope, type Shape } from './module';

/** A vector for each id. weight: [rows, features] */
export class Embedding extends Module {
  readonly type = 'Embedding';

  constructor(
    readonly rows: number,
    readonly features: number,
    deviation = 0.02,
  ) {
    super();
    this.parameter('weight', [rows, features], { kind: 'normal', deviation });
  }

  /** ids: int32 […] → […, features] */
  override forward(ids: Tensor, scope: Scope): Tensor {
    return embedding(scope.tensor(this.nameOf('weight')), ids);
  }

  override outputShape(input: Shape): Shape {
    return [...input, this.features];
  }
}
