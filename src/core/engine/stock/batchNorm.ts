import type { BatchNormAttributes } from '../ops/batchNorm';
import * as tf from '../tf';
import { define } from './define';

type Statistics = 'mean' | 'variance';

/** [N, C, H, W] → [C]: positions first, then examples, as one long sum in single precision drifts. */
const sum = (x: tf.Tensor) => tf.sum(tf.sum(x, [2, 3]), 0);
const mean = (x: tf.Tensor) => tf.mean(tf.mean(x, [2, 3]), 0);
/** [C] → [1, C, 1, 1] */
const wide = (v: tf.Tensor) => tf.reshape(v, [1, v.size, 1, 1]);
const inverseDeviation = (variance: tf.Tensor, epsilon: number) => tf.rsqrt(tf.add(variance, epsilon));

/** x − mean and its mean square: two passes, as the mean of squares loses what small deviations from a large mean hold. */
function centred(x: tf.Tensor): { mean: tf.Tensor; deviation: tf.Tensor; variance: tf.Tensor } {
  const center = mean(x);
  const deviation = tf.sub(x, wide(center));
  return { mean: center, deviation, variance: mean(tf.square(deviation)) };
}

define<'x' | 'scale' | 'offset' | Statistics, BatchNormAttributes>('ThawBatchNorm', ({ x, scale, offset, mean, variance }, { epsilon }) => {
  const slope = tf.mul(scale, inverseDeviation(variance, epsilon));
  return tf.add(tf.mul(tf.sub(x, wide(mean)), wide(slope)), wide(offset));
});

define<'dy' | 'scale' | 'variance', BatchNormAttributes>('ThawBatchNormInputGradient', ({ dy, scale, variance }, { epsilon }) =>
  tf.mul(dy, wide(tf.mul(scale, inverseDeviation(variance, epsilon)))),
);

define<'dy' | 'x' | Statistics, BatchNormAttributes>('ThawBatchNormScaleGradient', ({ dy, x, mean, variance }, { epsilon }) =>
  tf.mul(sum(tf.mul(dy, tf.sub(x, wide(mean)))), inverseDeviation(variance, epsilon)),
);

define<'x' | 'scale' | 'offset', BatchNormAttributes>('ThawBatchNormTraining', ({ x, scale, offset }, { epsilon }) => {
  const { mean, deviation, variance } = centred(x);
  const slope = tf.mul(scale, inverseDeviation(variance, epsilon));
  return [tf.add(tf.mul(deviation, wide(slope)), wide(offset)), mean, variance];
});

/**
 * With d = x − mean, r = 1/√(variance + ε) and M positions:
 * dx = γr·(dy − mean(dy) − r²·d·mean(dy·d)) + dMean/M + 2d·dVariance/M
 */
define<'dy' | 'dMean' | 'dVariance' | 'x' | 'scale', BatchNormAttributes>(
  'ThawBatchNormTrainingInputGradient',
  ({ dy, dMean, dVariance, x, scale }, { epsilon }) => {
    const { deviation, variance } = centred(x);
    const inverse = inverseDeviation(variance, epsilon);
    const positions = x.size / scale.size;
    const projected = tf.mul(tf.square(inverse), mean(tf.mul(dy, deviation))); // [C]
    const through = tf.sub(tf.sub(dy, wide(mean(dy))), tf.mul(deviation, wide(projected)));
    const statistics = tf.add(wide(tf.div(dMean, positions)), tf.mul(deviation, wide(tf.div(dVariance, positions / 2))));
    return tf.add(tf.mul(through, wide(tf.mul(scale, inverse))), statistics);
  },
);

define<'dy' | 'x', BatchNormAttributes>('ThawBatchNormTrainingScaleGradient', ({ dy, x }, { epsilon }) => {
  const { deviation, variance } = centred(x);
  return tf.mul(sum(tf.mul(dy, deviation)), inverseDeviation(variance, epsilon));
});
