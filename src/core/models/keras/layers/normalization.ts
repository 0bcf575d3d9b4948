import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { ThawError } from '../../../../protocol/failure';
import { batchNorm, batchNormTraining, layerNorm, tf } from '../../../engine/ops';
import type { Scope, Shape } from '../../../nn';
import { type About, KerasModule, kind, onlyInput, refused } from '../layer';
import { fromKeras, kerasShape, ourAxis, toKeras } from '../layout';

const axis = z.union([z.int(), z.array(z.int()).min(1)]).default(-1);
const axesOf = (value: z.infer<typeof axis>) => (Array.isArray(value) ? value : [value]);

const batch = z.object({
  axis,
  momentum: z.number().min(0).max(1).default(0.99),
  epsilon: z.number().positive().default(0.001),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
});

/**
 * Batch normalisation over the channels of maps, features, or a sequence's features. While gamma or beta learns, it
 * normalises by the batch's mean and biased variance, and the moving ones go towards these by 1 − momentum, as in Keras 3;
 * else by the moving ones, which stay as they are (in Keras a frozen layer does so, too; in TensorFlow.js it does not).
 */
class BatchNormalization extends KerasModule {
  readonly type = 'BatchNormalization';

  constructor(
    private readonly config: z.infer<typeof batch>,
    about: About,
  ) {
    super([onlyInput(about)]);
    const shape = onlyInput(about);
    const along = axesOf(config.axis).map((a) => ourAxis(a, shape.length + 1, about));
    const channelAxis = shape.length === 3 ? 1 : shape.length;
    if (along.length !== 1 || along[0] !== channelAxis || shape.length > 3)
      throw refused(about, l10n.t('its axis is {0}, not that of the channels', axesOf(config.axis).join(', ')));
    const channels = shape[channelAxis - 1] as number;
    if (config.scale) this.variable('gamma', [channels], { kind: 'ones' });
    if (config.center) this.variable('beta', [channels], { kind: 'zeros' });
    this.fixed('moving_mean', [channels], { kind: 'zeros' });
    this.fixed('moving_variance', [channels], { kind: 'ones' });
  }

  override apply([x]: readonly Tensor[], scope: Scope): Tensor {
    const value = x as Tensor;
    if (value.rank === 4) return this.normalised(value, scope);
    if (value.rank === 2) return tf.reshape(this.normalised(tf.reshape(value, [...value.shape, 1, 1]), scope), value.shape);
    const [n, steps, features] = value.shape as [number, number, number];
    const maps = tf.reshape(tf.transpose(value, [0, 2, 1]), [n, features, steps, 1]);
    return tf.transpose(tf.reshape(this.normalised(maps, scope), [n, features, steps]), [0, 2, 1]);
  }

  /** x: [N, C, H, W] */
  private normalised(x: Tensor, scope: Scope): Tensor {
    const { epsilon, momentum } = this.config;
    const channels = x.shape[1] as number;
    const scale = this.config.scale ? scope.tensor(this.nameOf('gamma')) : tf.ones([channels]);
    const offset = this.config.center ? scope.tensor(this.nameOf('beta')) : tf.zeros([channels]);
    const mean = scope.tensor(this.nameOf('moving_mean'));
    const variance = scope.tensor(this.nameOf('moving_variance'));
    const learns = scope.training && ['gamma', 'beta'].some((key) => scope.learns(this.nameOf(key)));
    if (!learns) return batchNorm(x, { scale, offset, mean, variance, epsilon });
    if (x.size / channels < 2)
      throw new ThawError(
        'config.invalid',
        l10n.t('The batch norm "{0}" sees one value of each channel in a batch and cannot learn from it.', this.path),
        l10n.t('Use a larger batch size or image size, or freeze that layer.'),
      );
    const found = batchNormTraining(x, { scale, offset, epsilon });
    const moved = (old: Tensor, fresh: Tensor) => tf.add(tf.mul(old, momentum), tf.mul(fresh, 1 - momentum));
    scope.update(this.nameOf('moving_mean'), moved(mean, found.mean));
    scope.update(this.nameOf('moving_variance'), moved(variance, found.variance));
    return found.y;
  }

  override shapeOf([input]: readonly Shape[]): Shape {
    return input as Shape;
  }
}

const layer = z.object({
  axis,
  epsilon: z.number().positive().default(0.001),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
  rms_scaling: z.literal(false).optional(),
});

/** Layer normalisation (Ba et al. 2016) over the last of Keras's axes. */
class LayerNormalization extends KerasModule {
  readonly type = 'LayerNormalization';
  private readonly features: number;

  constructor(
    private readonly config: z.infer<typeof layer>,
    private readonly about: About,
  ) {
    super([onlyInput(about)]);
    const theirs = kerasShape(onlyInput(about), about);
    const axes = axesOf(config.axis).map((a) => (a < 0 ? a + theirs.length + 1 : a));
    if (axes.join() !== `${theirs.length}`) throw refused(about, l10n.t('its axes are {0}, not the last one', axes.join(', ')));
    this.features = theirs.at(-1) as number;
    if (config.scale) this.variable('gamma', [this.features], { kind: 'ones' });
    if (config.center) this.variable('beta', [this.features], { kind: 'zeros' });
  }

  override apply([x]: readonly Tensor[], scope: Scope): Tensor {
    const { scale, center, epsilon } = this.config;
    const given = {
      scale: scale ? scope.tensor(this.nameOf('gamma')) : tf.ones([this.features]),
      offset: center ? scope.tensor(this.nameOf('beta')) : tf.zeros([this.features]),
      epsilon,
    };
    return fromKeras(layerNorm(toKeras(x as Tensor, this.about), given), this.about);
  }

  override shapeOf([input]: readonly Shape[]): Shape {
    return input as Shape;
  }
}

export const normalizations = {
  BatchNormalization: kind(batch, (config, about) => new BatchNormalization(config, about)),
  LayerNormalization: kind(layer, (config, about) => new LayerNormalization(config, about)),
};
