import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { relu6, tf } from '../../../engine/ops';
import { elu, leaky } from '../activations';
import { type About, kind, onlyInput, Plain, refused } from '../layer';
import { ourAxis } from '../layout';
import { activate, activation } from './common';

const same = (type: string, about: About, compute: (x: Tensor) => Tensor) =>
  new Plain(
    type,
    [onlyInput(about)],
    ([x]) => compute(x as Tensor),
    ([input]) => input ?? [],
  );

const reluConfig = z.object({
  max_value: z.number().nullish(),
  negative_slope: z.number().min(0).nullish(),
  threshold: z.number().nullish(),
});
const relu = kind(reluConfig, ({ max_value, negative_slope, threshold }, about) => {
  if (threshold) throw refused(about, l10n.t('its threshold is {0}, not 0', threshold));
  const slope = negative_slope ?? 0;
  if (max_value === 6 && slope === 0) return same('ReLU 6', about, relu6);
  const limit = max_value ?? null;
  return same('ReLU', about, (x) => (limit === null ? leaky(x, slope) : tf.minimum(leaky(x, slope), limit)));
});

/** Keras 2 calls the slope alpha. */
const leakyRelu = kind(z.object({ negative_slope: z.number().optional(), alpha: z.number().optional() }), (config, about) =>
  same('LeakyReLU', about, (x) => leaky(x, config.negative_slope ?? config.alpha ?? 0.3)),
);

/** Numbers of which all 0 mean that the layer does nothing in Keras's training either. */
const strengths = z.object({
  rate: z.unknown(),
  stddev: z.unknown(),
  l1: z.unknown(),
  l2: z.unknown(),
});

/** What does nothing outside of training, and nothing in ours: Thaw has its own augmentation, and the usual dropouts are in ./dropout. */
export class Silent extends Plain {
  constructor(
    type: string,
    about: About,
    /** Whether it would act in Keras's training. */
    readonly acts: boolean,
  ) {
    super(
      type,
      [onlyInput(about)],
      ([x]) => x as Tensor,
      ([input]) => input ?? [],
    );
  }
}

const silent = (type: string) =>
  kind(strengths.partial(), (config, about) => {
    const given = Object.values(config).filter((value) => value !== undefined && value !== null);
    return new Silent(type, about, given.length === 0 || given.some((value) => value !== 0));
  });
const neverHeard = [
  'AlphaDropout',
  'GaussianDropout',
  'GaussianNoise',
  'ActivityRegularization',
  'RandomFlip',
  'RandomRotation',
  'RandomZoom',
  'RandomTranslation',
  'RandomContrast',
  'RandomBrightness',
];
/** What does nothing outside of training. */
export const silentTypes = ['Dropout', 'SpatialDropout2D', 'StochasticDepth', ...neverHeard];

export const activations = {
  Activation: kind(z.object({ activation }), (config, about) =>
    same(`Activation ${config.activation}`, about, activate(config.activation, about)),
  ),
  ReLU: relu,
  LeakyReLU: leakyRelu,
  ELU: kind(z.object({ alpha: z.number().default(1) }), ({ alpha }, about) => same('ELU', about, (x) => elu(x, alpha))),
  Softmax: kind(z.object({ axis: z.int().default(-1) }), ({ axis }, about) => {
    const rank = onlyInput(about).length + 1;
    if (ourAxis(axis, rank, about) !== ourAxis(-1, rank, about)) throw refused(about, l10n.t('its axis is {0}, not the last one', axis));
    return same('Softmax', about, activate('softmax', about));
  }),
  ...Object.fromEntries(neverHeard.map((type) => [type, silent(type)])),
};
