import type { Tensor } from '@tensorflow/tfjs-core';
import { linear } from '../engine/ops';
import { Module, type Scope, type Shape } from './module';

/** x Wᵀ + b. weight: [out, in]; bias: [out]; drawn as PyTorch does. */
export class Linear extends Module {
  readonly type = 'Linear';

  constructor(
    input: number,
    private readonly output: number,
  ) {
    super();
    const bound = 1 / Math.sqrt(input);
    this.parameter('weight', [output, input], { kind: 'uniform', bound });
    this.parameter('bias', [output], { kind: 'uniform', bound });
  }

  /** x: [N, in] → [N, out] */
  override forward(x: Tensor, scope: Scope): Tensor {
    return linear(x, scope.tensor(this.nameOf('weight')), scope.tensor(this.nameOf('bias')));
  }

  override outputShape(): Shape {
    return [this.output];
  }
}
