import type { BatchNormAttributes } from '../../ops/batchNorm';
import {
  blockedBatchNorm,
  blockedBatchNormInputGradient,
  blockedBatchNormScaleGradient,
  blockedBatchNormTraining,
  blockedBatchNormTrainingInputGradient,
  blockedBatchNormTrainingScaleGradient,
} from '../blocked/batchNorm';
import type { Graph, Value } from '../graph';
import { define, floats } from '../kernels/define';
import { sizeOf } from '../shapes';

/** The operator that onnxruntime folds into a convolution before it where all of this is constant. */
define<'x' | 'scale' | 'offset' | 'mean' | 'variance', BatchNormAttributes>(
  'ThawBatchNorm',
  (g, { x, ...parts }, { epsilon }) => (x.blocks ? blockedBatchNorm(g, x, parts, epsilon) : normalized(g, x, parts, epsilon)),
  floats,
);

define<'dy' | 'scale' | 'variance', BatchNormAttributes>(
  'ThawBatchNormInputGradient',
  (g, { dy, scale, variance }, { epsilon }) =>
    dy.blocks
      ? blockedBatchNormInputGradient(g, dy, scale, variance, epsilon)
      : affine(g, dy, g.multiply(scale, inverseDeviation(g, variance, epsilon))),
  floats,
);

define<'dy' | 'x' | 'mean' | 'variance', BatchNormAttributes>(
  'ThawBatchNormScaleGradient',
  (g, { dy, x, mean, variance }, { epsilon }) => {
    if (x.blocks) return blockedBatchNormScaleGradient(g, dy, x, mean, variance, epsilon);
    const sum = channelMean(g, g.multiply(dy, g.subtract(x, alongChannels(g, mean))));
    return g.scale(g.multiply(sum, inverseDeviation(g, variance, epsilon)), perChannel(x));
  },
  floats,
);

define<'x' | 'scale' | 'offset', BatchNormAttributes>(
  'ThawBatchNormTraining',
  (g, { x, scale, offset }, { epsilon }) => {
    if (x.blocks) return blockedBatchNormTraining(g, x, scale, offset, epsilon);
    const { centred, mean, variance } = statistics(g, x);
    return [normalized(g, centred, { scale, offset, mean: repeated(g, 0, x), variance }, epsilon), mean, variance];
  },
  floats,
);

/**
 * With c = x − mean, r = 1/√(variance + ε), ⟨·⟩ the mean over a channel:
 * dx = γr·(dy − ⟨dy⟩ − c·r²·⟨dy·c⟩) + (dMean + 2·c·dVariance) / L
 */
define<'dy' | 'dMean' | 'dVariance' | 'x' | 'scale', BatchNormAttributes>(
  'ThawBatchNormTrainingInputGradient',
  (g, { dy, dMean, dVariance, x, scale }, { epsilon }) => {
    if (x.blocks) {
      const ofStatistics = { dMean: isZero(g, dMean) ? null : dMean, dVariance: isZero(g, dVariance) ? null : dVariance };
      return blockedBatchNormTrainingInputGradient(g, { dy, x, scale, ...ofStatistics }, epsilon);
    }
    const { centred, variance } = statistics(g, x);
    const inverse = inverseDeviation(g, variance, epsilon);
    const slope = g.multiply(scale, inverse);
    const shift = g.unary('Neg', g.multiply(slope, channelMean(g, dy)));
    const pull = g.multiply(g.multiply(slope, g.multiply(inverse, inverse)), channelMean(g, g.multiply(dy, centred)));
    const fromMean = isZero(g, dMean) ? shift : g.add(shift, g.scale(dMean, 1 / perChannel(x)));
    const toCentred = g.unary('Neg', pull);
    const fromVariance = isZero(g, dVariance) ? toCentred : g.add(toCentred, g.scale(dVariance, 2 / perChannel(x)));
    return g.add(affine(g, dy, slope, fromMean), affine(g, centred, fromVariance));
  },
  floats,
);

define<'dy' | 'x', BatchNormAttributes>(
  'ThawBatchNormTrainingScaleGradient',
  (g, { dy, x }, { epsilon }) => {
    if (x.blocks) return blockedBatchNormTrainingScaleGradient(g, dy, x, epsilon);
    const { centred, variance } = statistics(g, x);
    const mean = channelMean(g, g.multiply(dy, centred));
    return g.scale(g.multiply(mean, inverseDeviation(g, variance, epsilon)), perChannel(x));
  },
  floats,
);

/** What is kept for the gradient is x − mean, instead of x. */
function statistics(g: Graph, x: Value): { centred: Value; mean: Value; variance: Value } {
  const mean = channelMean(g, x);
  const centred = g.subtract(x, alongChannels(g, mean));
  return { centred, mean, variance: channelMean(g, g.multiply(centred, centred)) };
}

/** [N, C, H, W] → [C]: positions first, then examples, so that no sum is long. */
function channelMean(g: Graph, x: Value): Value {
  return g.mean(g.mean(x, [2, 3]), [0]);
}

function alongChannels(g: Graph, values: Value): Value {
  return g.reshape(values, [...values.shape, 1, 1]);
}

/** Values of a channel: N·H·W */
function perChannel({ shape }: Value): number {
  return sizeOf(shape) / (shape[1] as number);
}

function inverseDeviation(g: Graph, variance: Value, epsilon: number): Value {
  return g.unary('Reciprocal', g.unary('Sqrt', g.add(variance, g.scalar(epsilon))));
}

function normalized(g: Graph, x: Value, parts: Record<'scale' | 'offset' | 'mean' | 'variance', Value>, epsilon: number): Value {
  const inputs = [x, parts.scale, parts.offset, parts.mean, parts.variance];
  return g.node('BatchNormalization', inputs, x.shape, { epsilon: { float: epsilon } });
}

/** slope·x + shift for each channel: in inference form a batch norm is the quickest operator for that. */
function affine(g: Graph, x: Value, slope: Value, shift = repeated(g, 0, x)): Value {
  return normalized(g, x, { scale: slope, offset: shift, mean: repeated(g, 0, x), variance: repeated(g, 1, x) }, 0);
}

/** [C] */
function repeated(g: Graph, value: number, x: Value): Value {
  return g.floats(Array<number>(x.shape[1] as number).fill(value));
}

/** The gradients of statistics that nothing is learned from are constants. */
function isZero(g: Graph, value: Value): boolean {
  return g.dataOf(value)?.every((n) => Number(n) === 0) ?? false;
}
