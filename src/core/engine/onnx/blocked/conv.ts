import type { Attributes, Graph, Value } from '../graph';

const operator = 'com.microsoft.nchwc.Conv';

interface Operands {
  readonly x: Value;
  readonly filter: Value;
  /** [O] */
  readonly bias?: Value;
  /** Is added before the activation; as many elements as the result. */
  readonly sum?: Value;
}

/** activation(x ∗ filter + bias + sum), in one pass. */
export function conv(g: Graph, { x, filter, bias, sum }: Operands, shape: readonly number[], attributes: Attributes): Value {
  const inputs = [x, filter, bias ?? null, sum ? g.reshape(sum, shape) : null];
  while (inputs.at(-1) === null) inputs.pop();
  return g.node(operator, inputs, shape, attributes);
}

/** slope·x + shift + sum for each channel: a depthwise 1×1 convolution. x: [1, C, N·H, W]; slope, shift: [C] */
export function affine(g: Graph, x: Value, slope: Value, { shift, sum }: { shift?: Value; sum?: Value } = {}): Value {
  const [channels] = slope.shape as [number];
  const operands = { x, filter: g.reshape(slope, [channels, 1, 1, 1]), ...(shift && { bias: shift }), ...(sum && { sum }) };
  return conv(g, operands, x.shape, { group: channels, kernel_shape: [1, 1] });
}

/** Where x is `slope·z` and nothing more for each channel: z and the slope, [C]. */
export function scaled(g: Graph, x: Value): { z: Value; slope: Value } | null {
  const origin = g.originOf(x);
  if (origin?.operator !== operator || origin.inputs.length > 2 || 'activation' in origin.attributes) return null;
  const [z, filter] = origin.inputs as [Value, Value];
  const [channels, inputs, height, width] = filter.shape as [number, number, number, number];
  if (inputs * height * width !== 1 || origin.attributes.group !== channels || z.shape[1] !== channels) return null;
  return { z, slope: g.reshape(filter, [channels]) };
}

/** The operands of the convolution that x is, where it does nothing else, neither has anything used x yet. */
export function bare(g: Graph, x: Value): { x: Value; filter: Value; attributes: Attributes } | null {
  const origin = unused(g, x);
  if (!origin || origin.inputs.length > 2) return null;
  const [input, filter] = origin.inputs as [Value, Value];
  return { x: input, filter, attributes: origin.attributes };
}

/** x + sum in the pass that computes x; null where that can't be. */
export function withSum(g: Graph, x: Value, sum: Value): Value | null {
  const origin = unused(g, x);
  if (!origin || origin.inputs[3]) return null;
  const [input, filter, bias] = origin.inputs;
  return g.node(operator, [input as Value, filter as Value, bias ?? null, g.reshape(sum, x.shape)], x.shape, origin.attributes);
}

/** min(max(x, low), high) in the pass that computes x; null where that can't be. */
export function clipped(g: Graph, x: Value, low: number, high: number): Value | null {
  const origin = unused(g, x);
  if (!origin) return null;
  const clip = { activation: 'Clip', activation_params: { floats: [low, high] } };
  return g.node(operator, origin.inputs, x.shape, { ...origin.attributes, ...clip });
}

/**
 * The convolution that computes x, if it has no activation and x is not used yet. Recording it again with more in it leaves
 * the first one without users, so that it is dropped from the model.
 */
function unused(g: Graph, x: Value) {
  const origin = g.originOf(x);
  return origin?.operator === operator && !('activation' in origin.attributes) && !g.isUsed(x) ? origin : null;
}
