import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { addBias, conv2d, embedding, linear, tf } from '../../../engine/ops';
import type { Scope, Shape } from '../../../nn';
import type { Activate } from '../activations';
import { type About, KerasModule, kind, onlyInput, refused } from '../layer';
import { activate, activation, count } from './common';

const dense = z.object({ units: count, activation, use_bias: z.boolean().default(true) });

/** Over the last of Keras's axes: features [N, in], sequences [N, T, in], the channels of feature maps. kernel: [in, out] → [out, in] */
class Dense extends KerasModule {
  readonly type = 'Dense';
  private readonly after: Activate;

  constructor(
    private readonly config: z.infer<typeof dense>,
    about: About,
  ) {
    super([onlyInput(about)]);
    const shape = onlyInput(about);
    if (shape.length > 3 || (shape.length === 3 && about.channelsFirst))
      throw refused(about, l10n.t('its input is [{0}]', shape.join(', ')));
    const input = (shape.length === 3 ? shape[0] : shape.at(-1)) as number;
    const { units } = config;
    this.after = activate(config.activation, about);
    this.variable(
      'kernel',
      [units, input],
      { kind: 'uniform', bound: Math.sqrt(6 / (input + units)) },
      { shape: [input, units], order: [1, 0] },
    );
    if (config.use_bias) this.variable('bias', [units], { kind: 'zeros' });
  }

  override apply([x]: readonly Tensor[], scope: Scope): Tensor {
    const value = x as Tensor;
    const kernel = scope.tensor(this.nameOf('kernel'));
    const bias = this.config.use_bias ? scope.tensor(this.nameOf('bias')) : undefined;
    if (value.rank < 4) return this.after(linear(value, kernel, bias));
    const y = conv2d(value, tf.reshape(kernel, [...kernel.shape, 1, 1]), { padding: 0 });
    return this.after(bias ? addBias(y, bias) : y);
  }

  override shapeOf([input]: readonly Shape[]): Shape {
    const shape = input as Shape;
    return shape.length === 3 ? [this.config.units, ...shape.slice(1)] : [...shape.slice(0, -1), this.config.units];
  }
}

const embedded = z.object({ input_dim: count, output_dim: count });

/** Rows of a table: whole numbers [N, …] → [N, …, out]. */
class Embedding extends KerasModule {
  readonly type = 'Embedding';

  constructor(
    private readonly config: z.infer<typeof embedded>,
    about: About,
  ) {
    super([onlyInput(about)]);
    if (onlyInput(about).length > 1) throw refused(about, l10n.t('its input is [{0}]', onlyInput(about).join(', ')));
    this.variable('embeddings', [config.input_dim, config.output_dim], { kind: 'uniform', bound: 0.05 });
  }

  override apply([x]: readonly Tensor[], scope: Scope): Tensor {
    const value = x as Tensor;
    return embedding(scope.tensor(this.nameOf('embeddings')), tf.cast(value, 'int32'));
  }

  override shapeOf([input]: readonly Shape[]): Shape {
    return [...(input as Shape), this.config.output_dim];
  }
}

export const denseLayers = {
  Dense: kind(dense, (config, about) => new Dense(config, about)),
  Embedding: kind(embedded, (config, about) => new Embedding(config, about)),
};
