import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { tf } from '../../../engine/ops';
import type { Scope, Shape } from '../../../nn';
import { type About, KerasModule, kind, onlyInput, Plain, refused } from '../layer';
import { ourAxis } from '../layout';

/** One number for all channels, or one for each. */
const numbers = z.union([z.number(), z.array(z.number()).min(1)]);

/** The numbers as a tensor that is repeated over our [N, …] value, whose channels are Keras's last axis. */
function perChannel(value: number | readonly number[], about: About): () => Tensor {
  if (typeof value === 'number') return () => tf.scalar(value);
  const shape = onlyInput(about);
  const along = ourAxis(-1, shape.length + 1, about);
  if (value.length !== 1 && value.length !== shape[along - 1])
    throw refused(about, l10n.t('it has {0} numbers for [{1}]', value.length, shape.join(', ')));
  const wide = [1, ...shape.map((_, i) => (i === along - 1 ? value.length : 1))];
  return () => tf.tensor([...value], wide);
}

const rescaled = kind(z.object({ scale: numbers.default(1), offset: numbers.default(0) }), ({ scale, offset }, about) => {
  const [factor, shift] = [perChannel(scale, about), perChannel(offset, about)];
  const compute = ([x]: readonly Tensor[]) => tf.add(tf.mul(x as Tensor, factor()), shift());
  return new Plain('Rescaling', [onlyInput(about)], compute, ([given]) => given ?? []);
});

/** y = x + c and the like: what remains of arithmetic that was written between the layers. */
const arithmetic = z.object({ operation: z.enum(['add', 'subtract', 'multiply', 'divide']), constant: numbers });
const computed = kind(arithmetic, ({ operation, constant }, about) => {
  const numbersOf = perChannel(constant, about);
  const compute = ([x]: readonly Tensor[]) => {
    const [value, other] = [x as Tensor, numbersOf()];
    switch (operation) {
      case 'add':
        return tf.add(value, other);
      case 'subtract':
        return tf.sub(value, other);
      case 'multiply':
        return tf.mul(value, other);
      case 'divide':
        return tf.div(value, other);
    }
  };
  return new Plain(`Arithmetic ${operation}`, [onlyInput(about)], compute, ([given]) => given ?? []);
});

const normalization = z.object({
  axis: z.union([z.int(), z.array(z.int())]).nullish(),
  mean: numbers.nullish(),
  variance: numbers.nullish(),
  invert: z.literal(false).optional(),
});

/** (x − mean) / √variance by numbers that Keras took from data once: statistics here, which nothing moves. */
class Normalization extends KerasModule {
  readonly type = 'Normalization';
  private readonly along: number;

  constructor(config: z.infer<typeof normalization>, about: About) {
    super([onlyInput(about)]);
    const shape = onlyInput(about);
    this.along = ourAxis(-1, shape.length + 1, about);
    const axes = [config.axis ?? []].flat().map((axis) => ourAxis(axis, shape.length + 1, about));
    if (axes.join() !== `${this.along}`) throw refused(about, l10n.t('only one that was adapted to data, channel by channel, is read'));
    const channels = shape[this.along - 1] as number;
    this.fixed('mean', [channels], { kind: 'zeros' });
    this.fixed('variance', [channels], { kind: 'ones' });
  }

  override apply([x]: readonly Tensor[], scope: Scope): Tensor {
    const value = x as Tensor;
    const wide = value.shape.map((side, i) => (i === this.along ? side : 1));
    const deviation = tf.maximum(tf.sqrt(scope.tensor(this.nameOf('variance'))), 1e-7);
    return tf.div(tf.sub(value, tf.reshape(scope.tensor(this.nameOf('mean')), wide)), tf.reshape(deviation, wide));
  }

  override shapeOf([input]: readonly Shape[]): Shape {
    return input as Shape;
  }
}

/** By numbers that stand in the configuration. */
function normalizedBy(mean: z.infer<typeof numbers>, variance: z.infer<typeof numbers>, about: About): Plain {
  const deviation = [variance].flat().map((value) => Math.max(Math.sqrt(value), 1e-7));
  const [middle, scale] = [perChannel(mean, about), perChannel(deviation, about)];
  const compute = ([x]: readonly Tensor[]) => tf.div(tf.sub(x as Tensor, middle()), scale());
  return new Plain('Normalization', [onlyInput(about)], compute, ([given]) => given ?? []);
}

const scale = z.object({ projection_dim: z.int().min(1) });

/** A factor for each channel (Touvron et al. 2021, CaiT): a layer of Keras's own ConvNeXt. gamma: [C] */
class LayerScale extends KerasModule {
  readonly type = 'LayerScale';
  private readonly along: number;

  constructor({ projection_dim }: z.infer<typeof scale>, about: About) {
    super([onlyInput(about)]);
    const shape = onlyInput(about);
    this.along = ourAxis(-1, shape.length + 1, about);
    if (shape[this.along - 1] !== projection_dim) throw refused(about, l10n.t('its input is [{0}]', shape.join(', ')));
    this.variable('gamma', [projection_dim], { kind: 'ones' });
  }

  override apply([x]: readonly Tensor[], scope: Scope): Tensor {
    const value = x as Tensor;
    const wide = value.shape.map((side, i) => (i === this.along ? side : 1));
    return tf.mul(value, tf.reshape(scope.tensor(this.nameOf('gamma')), wide));
  }

  override shapeOf([input]: readonly Shape[]): Shape {
    return input as Shape;
  }
}

export const scalings = {
  Rescaling: rescaled,
  Arithmetic: computed,
  Normalization: kind(normalization, (config, about) =>
    config.mean != null && config.variance != null ? normalizedBy(config.mean, config.variance, about) : new Normalization(config, about),
  ),
  LayerScale: kind(scale, (config, about) => new LayerScale(config, about)),
};
