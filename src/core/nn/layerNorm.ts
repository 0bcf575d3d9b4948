import type { Tensor } from '@tensorflow/tfjs-core';
import { layerNorm, rmsNorm } from '../engine/ops';
import { Module, type Scope, type Shape } from './module';

/** γ·(x − mean) / √(variance + ε) + β over the last axis. weight γ, bias β: [features] */
export class LayerNorm extends Module {
  readonly type = 'LayerNorm';

  constructor(
    features: number,
    private readonly epsilon: number,
  ) {
    super();
    this.parameter('weight', [features], { kind: 'ones' });
    this.parameter('bias', [features], { kind: 'zeros' });
  }

  /** x: […, features] → the same shape */
  override forward(x: Tensor, scope: Scope): Tensor {
    const [scale, offset] = [scope.tensor(this.nameOf('weight')), scope.tensor(this.nameOf('bias'))];
    return layerNorm(x, { scale, offset, epsilon: this.epsilon });
  }

  override outputShape(input: Shape): Shape {
    return input;
  }
}

/** γ·x / √(mean(x²) + ε) over the last axis. weight γ: [features] */
export class RmsNorm extends Module {
  readonly type = 'RMSNorm';

  constructor(
    features: number,
    private readonly epsilon: number,
  ) {
    super();
    this.parameter('weight', [features], { kind: 'ones' });
  }

  /** x: […, features] → the same shape */
  override forward(x: Tensor, scope: Scope): Tensor {
    return rmsNorm(x, { scale: scope.tensor(this.nameOf('weight')), epsilon: this.epsilon });
  }

  override outputShape(input: Shape): Shape {
    return input;
  }
}
