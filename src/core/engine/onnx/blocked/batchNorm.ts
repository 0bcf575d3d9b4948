import type { Graph, Value } from '../graph';
import { affine, bare, conv } from './conv';
import { asImage, blocksOf, inBlocks, mapsOf, perChannel, withoutPadding } from './layout';
import { meanProducts, means } from './sums';

interface Parts {
  readonly scale: Value;
  readonly offset: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/** Inference form. x: [N, C, H, W] blocked; the rest: [C]. Folded into the convolution before it where there is one. */
export function blockedBatchNorm(g: Graph, x: Value, { scale, offset, mean, variance }: Parts, epsilon: number): Value {
  const unpadded = g.multiply(scale, inverseDeviation(g, variance, epsilon));
  const slope = perChannel(g, unpadded);
  const shift = perChannel(g, g.subtract(offset, g.multiply(mean, unpadded)));
  return inBlocks(folded(g, blocksOf(g, x), slope, shift) ?? affine(g, asImage(g, x), slope, { shift }), x.shape);
}

/** A filter's output channels are innermost in its blocks, [O/B, …, B]; a depthwise one has a copy for each example. */
function folded(g: Graph, x: Value, slope: Value, shift: Value): Value | null {
  const made = bare(g, x);
  if (!made) return null;
  const { block } = g.layout;
  const [channels] = slope.shape as [number];
  const outputs = made.filter.shape[0] as number;
  const blocks = channels / block;
  const rows = made.filter.shape.reduce((a, b) => a * b, 1) / channels;
  const filter = g.multiply(g.reshape(made.filter, [blocks, rows, block]), g.reshape(slope, [blocks, 1, block]));
  const copies = [blocks, outputs / channels, block];
  const bias = outputs === channels ? shift : g.node('Expand', [g.reshape(shift, [blocks, 1, block]), g.integers(copies)], copies);
  const operands = { x: made.x, filter: g.reshape(filter, made.filter.shape), bias: g.reshape(bias, [outputs]) };
  return conv(g, operands, x.shape, made.attributes);
}

/** dy: [N, C, H, W] blocked. A product alone: convolutions before it take its slope into their filters. */
export function blockedBatchNormInputGradient(g: Graph, dy: Value, scale: Value, variance: Value, epsilon: number): Value {
  const slope = g.multiply(scale, inverseDeviation(g, variance, epsilon));
  return inBlocks(affine(g, asImage(g, dy), perChannel(g, slope)), dy.shape);
}

export function blockedBatchNormScaleGradient(g: Graph, dy: Value, x: Value, mean: Value, variance: Value, epsilon: number): Value {
  const channels = mean.shape[0] as number;
  const product = withoutPadding(g, meanProducts(g, dy, x), channels);
  const centred = g.subtract(product, g.multiply(mean, withoutPadding(g, means(g, dy), channels)));
  return g.scale(g.multiply(centred, inverseDeviation(g, variance, epsilon)), valuesPerChannel(x));
}

/** Training form; x: [N, C, H, W] blocked → y blocked, mean and variance [C]. */
export function blockedBatchNormTraining(g: Graph, x: Value, scale: Value, offset: Value, epsilon: number): [Value, Value, Value] {
  const { centred, mean, variance } = statistics(g, x);
  const slope = g.multiply(perChannel(g, scale), inverseDeviation(g, variance, epsilon));
  const y = inBlocks(affine(g, asImage(g, centred), slope, { shift: perChannel(g, offset) }), x.shape);
  const channels = x.shape[1] as number;
  return [y, withoutPadding(g, mean, channels), withoutPadding(g, variance, channels)];
}

interface StatisticsGradients {
  /** [C], null where nothing is learned from the statistics */
  readonly dMean: Value | null;
  readonly dVariance: Value | null;
}

/**
 * With c = x − mean, r = 1/√(variance + ε), a = γr, ⟨·⟩ the mean over a channel: dx = a·dy − a·⟨dy⟩ − ar²·⟨dy·c⟩·c.
 * The statistics' own gradients add dMean / L + 2·c·dVariance / L.
 */
export function blockedBatchNormTrainingInputGradient(
  g: Graph,
  { dy, x, scale, dMean, dVariance }: { dy: Value; x: Value; scale: Value } & StatisticsGradients,
  epsilon: number,
): Value {
  const { centred, variance } = statistics(g, x);
  const inverse = inverseDeviation(g, variance, epsilon);
  const slope = g.multiply(perChannel(g, scale), inverse);
  const pull = g.unary('Neg', g.multiply(g.multiply(slope, inverse), correlation(g, dy, x, epsilon)));
  const ofCentred = dVariance ? g.add(pull, g.scale(perChannel(g, dVariance), 2 / valuesPerChannel(x))) : pull;
  const level = g.unary('Neg', g.multiply(slope, means(g, dy)));
  const shift = dMean ? g.add(level, g.scale(perChannel(g, dMean), 1 / valuesPerChannel(x))) : level;
  const sum = affine(g, asImage(g, centred), ofCentred, { shift });
  return inBlocks(affine(g, asImage(g, dy), slope, { sum }), x.shape);
}

export function blockedBatchNormTrainingScaleGradient(g: Graph, dy: Value, x: Value, epsilon: number): Value {
  return withoutPadding(g, g.scale(correlation(g, dy, x, epsilon), valuesPerChannel(x)), x.shape[1] as number);
}

/** Σ over examples and positions: [C] */
export function blockedBiasGradient(g: Graph, dy: Value): Value {
  return withoutPadding(g, g.scale(means(g, dy), valuesPerChannel(dy)), dy.shape[1] as number);
}

/** r·⟨dy·c⟩ of the formula above: [C] with the padding */
function correlation(g: Graph, dy: Value, x: Value, epsilon: number): Value {
  const { centred, variance } = statistics(g, x);
  return g.multiply(inverseDeviation(g, variance, epsilon), meanProducts(g, dy, centred));
}

/** [C] with the padding, but for `centred`: x − mean in blocks, which is kept for the gradient instead of x. */
interface Statistics {
  readonly centred: Value;
  readonly mean: Value;
  readonly variance: Value;
}

const known = new WeakMap<Value, Statistics>();

/**
 * The variance is that of x − mean: ⟨x²⟩ − mean² would save a pass, but loses every digit where the mean is large or the
 * values are few.
 */
function statistics(g: Graph, x: Value): Statistics {
  const blocks = blocksOf(g, x);
  const found = known.get(blocks);
  if (found) return found;
  const { centred, mean } = centredByBias(g, x) ?? centredAfterwards(g, x);
  const statistics = { centred, mean, variance: meanProducts(g, centred, centred) };
  known.set(blocks, statistics);
  return statistics;
}

function centredAfterwards(g: Graph, x: Value): Pick<Statistics, 'centred' | 'mean'> {
  const mean = means(g, x);
  const ones = g.floats(Array<number>(mean.shape[0] as number).fill(1));
  return { centred: inBlocks(affine(g, asImage(g, x), ones, { shift: g.unary('Neg', mean) }), x.shape), mean };
}

/**
 * After a 1×1 convolution the mean of its results is its result for the mean, which is cheaper to find where it has fewer
 * inputs than outputs; subtracted as the convolution's bias, centring takes no pass at all.
 */
function centredByBias(g: Graph, x: Value): Pick<Statistics, 'centred' | 'mean'> | null {
  const made = bare(g, blocksOf(g, x));
  if (!made) return null;
  const [outputs, inputs] = mapsOf(made.filter);
  const [n, , ...size] = mapsOf(x);
  const isPointwise = made.attributes.group === undefined && made.attributes.strides === undefined; // others have these
  if (!isPointwise || inputs >= outputs) return null;
  const mean = g.reshape(means(g, inBlocks(made.x, [n, inputs, ...size])), [1, inputs, 1, 1]);
  const result = g.reshape(conv(g, { ...made, x: mean }, [1, outputs, 1, 1], made.attributes), [outputs]);
  const shape = [1, outputs, n * size[0], size[1]];
  const centred = conv(g, { ...made, bias: g.unary('Neg', result) }, shape, made.attributes);
  return { centred: inBlocks(centred, x.shape), mean: result };
}

function inverseDeviation(g: Graph, variance: Value, epsilon: number): Value {
  return g.unary('Reciprocal', g.unary('Sqrt', g.add(variance, g.scalar(epsilon))));
}

/** N·H·W */
function valuesPerChannel(x: Value): number {
  const [n, , height, width] = mapsOf(x);
  return n * height * width;
}
