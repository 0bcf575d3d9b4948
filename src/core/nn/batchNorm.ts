import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import { batchNorm, batchNormTraining, tf } from '../engine/ops';
import { type Activation, activate } from './activation';
import { Module, type Scope, type Shape } from './module';

export interface BatchNormOptions {
  epsilon?: number;
  /** Share of a new batch in the running statistics (PyTorch's sense; TensorFlow's is one minus this). */
  momentum?: number;
  activation?: Activation;
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) over [N, channels, H, W], and the activation after it.
 *
 * While weight or bias learns, a training step normalises by the batch's own mean and biased variance, and moves the
 * running ones towards the batch's mean and unbiased variance, as PyTorch does. Frozen, or outside of training, it
 * normalises by the running statistics and leaves them untouched.
 */
export class BatchNorm extends Module {
  readonly type = 'BatchNorm';
  private readonly epsilon: number;
  private readonly momentum: number;
  private readonly activation: Activation;

  constructor(channels: number, { epsilon = 1e-5, momentum = 0.1, activation = 'none' }: BatchNormOptions = {}) {
    super();
    this.epsilon = epsilon;
    this.momentum = momentum;
    this.activation = activation;
    this.parameter('weight', [channels], { kind: 'ones' });
    this.parameter('bias', [channels], { kind: 'zeros' });
    this.statistic('running_mean', [channels], { kind: 'zeros' });
    this.statistic('running_var', [channels], { kind: 'ones' });
  }

  /**
   * x: [N, C, H, W] → the same shape
   * @throws ThawError `config.invalid` where a batch has a single value a channel: its variance says nothing.
   */
  override forward(x: Tensor, scope: Scope): Tensor {
    const scale = scope.tensor(this.nameOf('weight'));
    const offset = scope.tensor(this.nameOf('bias'));
    const mean = scope.tensor(this.nameOf('running_mean'));
    const variance = scope.tensor(this.nameOf('running_var'));
    const learns = scope.training && (scope.learns(this.nameOf('weight')) || scope.learns(this.nameOf('bias')));
    if (!learns) return activate(batchNorm(x, { scale, offset, mean, variance, epsilon: this.epsilon }), this.activation);

    const count = x.size / (x.shape[1] as number);
    if (count < 2)
      throw new ThawError(
        'config.invalid',
        l10n.t('The batch norm "{0}" sees one value of each channel in a batch and cannot learn from it.', this.path),
        l10n.t('Use a larger batch size or image size, or freeze that layer.'),
      );
    const batch = batchNormTraining(x, { scale, offset, epsilon: this.epsilon });
    const unbiased = tf.mul(batch.variance, count / (count - 1));
    scope.update(this.nameOf('running_mean'), this.moved(mean, batch.mean));
    scope.update(this.nameOf('running_var'), this.moved(variance, unbiased));
    return activate(batch.y, this.activation);
  }

  private moved(running: Tensor, batch: Tensor): Tensor {
    return tf.add(tf.mul(running, 1 - this.momentum), tf.mul(batch, this.momentum));
  }

  override outputShape(input: Shape): Shape {
    return input;
  }
}
