import type { NormAttributes } from '../ops/layerNorm';
import * as tf from '../tf';
import { define } from './define';

const mean = (x: tf.Tensor) => tf.mean(x, -1, true);
/** […, D] → [D]: the last but one axis first, as one long sum in single precision drifts. */
const sumOfRows = (x: tf.Tensor): tf.Tensor => (x.rank === 1 ? x : sumOfRows(tf.sum(x, x.rank - 2)));

interface Normalised {
  /** […, D] */
  readonly normal: tf.Tensor;
  /** […, 1] */
  readonly inverse: tf.Tensor;
}

function byDeviation(x: tf.Tensor, epsilon: number): Normalised {
  const centred = tf.sub(x, mean(x));
  return byRms(centred, epsilon);
}

function byRms(x: tf.Tensor, epsilon: number): Normalised {
  const inverse = tf.rsqrt(tf.add(mean(tf.square(x)), epsilon));
  return { normal: tf.mul(x, inverse), inverse };
}

/** inverse·(slope − normal·mean(slope·normal)), slope = dy·γ */
const inputGradient = (slope: tf.Tensor, { normal, inverse }: Normalised) =>
  tf.mul(tf.sub(slope, tf.mul(normal, mean(tf.mul(slope, normal)))), inverse);

define<'x' | 'scale' | 'offset', NormAttributes>('ThawLayerNorm', ({ x, scale, offset }, { epsilon }) =>
  tf.add(tf.mul(byDeviation(x, epsilon).normal, scale), offset),
);

define<'dy' | 'x' | 'scale', NormAttributes>('ThawLayerNormInputGradient', ({ dy, x, scale }, { epsilon }) => {
  const slope = tf.mul(dy, scale);
  return inputGradient(tf.sub(slope, mean(slope)), byDeviation(x, epsilon));
});

define<'dy' | 'x', NormAttributes>('ThawLayerNormScaleGradient', ({ dy, x }, { epsilon }) =>
  sumOfRows(tf.mul(dy, byDeviation(x, epsilon).normal)),
);

define<'x' | 'scale', NormAttributes>('ThawRmsNorm', ({ x, scale }, { epsilon }) => tf.mul(byRms(x, epsilon).normal, scale));

define<'dy' | 'x' | 'scale', NormAttributes>('ThawRmsNormInputGradient', ({ dy, x, scale }, { epsilon }) =>
  inputGradient(tf.mul(dy, scale), byRms(x, epsilon)),
);

define<'dy' | 'x', NormAttributes>('ThawRmsNormScaleGradient', ({ dy, x }, { epsilon }) => sumOfRows(tf.mul(dy, byRms(x, epsilon).normal)));
