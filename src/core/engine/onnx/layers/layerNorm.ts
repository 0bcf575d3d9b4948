import type { NormAttributes } from '../../ops/layerNorm';
import type { Graph, Value } from '../graph';
import { define, floats } from '../kernels/define';
import { sumOfRows } from './linear';

define<'x' | 'scale' | 'offset', NormAttributes>(
  'ThawLayerNorm',
  (g, { x, scale, offset }, { epsilon }) =>
    g.node('LayerNormalization', [x, scale, offset], x.shape, { axis: -1, epsilon: { float: epsilon } }),
  floats,
);

define<'dy' | 'x' | 'scale', NormAttributes>(
  'ThawLayerNormInputGradient',
  (g, { dy, x, scale }, { epsilon }) => {
    const { normal, inverse } = normalised(g, x, epsilon);
    const slope = g.multiply(dy, scale);
    return inputGradient(g, { slope: g.subtract(slope, mean(g, slope)), normal, inverse });
  },
  floats,
);

define<'dy' | 'x', NormAttributes>(
  'ThawLayerNormScaleGradient',
  (g, { dy, x }, { epsilon }) => scaleGradient(g, dy, normalised(g, x, epsilon).normal),
  floats,
);

define<'x' | 'scale', NormAttributes>(
  'ThawRmsNorm',
  (g, { x, scale }, { epsilon }) => g.multiply(byRms(g, x, epsilon).normal, scale),
  floats,
);

define<'dy' | 'x' | 'scale', NormAttributes>(
  'ThawRmsNormInputGradient',
  (g, { dy, x, scale }, { epsilon }) => inputGradient(g, { slope: g.multiply(dy, scale), ...byRms(g, x, epsilon) }),
  floats,
);

define<'dy' | 'x', NormAttributes>(
  'ThawRmsNormScaleGradient',
  (g, { dy, x }, { epsilon }) => scaleGradient(g, dy, byRms(g, x, epsilon).normal),
  floats,
);

interface Normalised {
  /** x, normalised: […, D] */
  readonly normal: Value;
  /** What it was multiplied by: […, 1] */
  readonly inverse: Value;
}

/** Without γ and β, onnxruntime's own kernel gives what gradients are made of in one pass. */
function normalised(g: Graph, x: Value, epsilon: number): Normalised {
  const features = x.shape.at(-1) as number;
  const [ones, zeros] = [1, 0].map((value) => g.floats(Array<number>(features).fill(value)));
  const rows = { shape: [...x.shape.slice(0, -1), 1], dtype: x.dtype };
  const attributes = { axis: -1, epsilon: { float: epsilon } };
  const [normal, , inverse] = g.nodes('LayerNormalization', [x, ones as Value, zeros as Value], [x, rows, rows], attributes);
  return { normal: normal as Value, inverse: inverse as Value };
}

function byRms(g: Graph, x: Value, epsilon: number): Normalised {
  const inverse = g.unary('Reciprocal', g.unary('Sqrt', g.add(mean(g, g.multiply(x, x)), g.scalar(epsilon))));
  return { normal: g.multiply(x, inverse), inverse };
}

/** inverse·(slope − normal·mean(slope·normal)), slope = dy·γ */
function inputGradient(g: Graph, { slope, normal, inverse }: Normalised & { slope: Value }): Value {
  const pull = g.multiply(normal, mean(g, g.multiply(slope, normal)));
  return g.multiply(g.subtract(slope, pull), inverse);
}

function scaleGradient(g: Graph, dy: Value, normal: Value): Value {
  return sumOfRows(g, g.multiply(dy, normal));
}

/** […, D] → […, 1] */
function mean(g: Graph, x: Value): Value {
  return g.node('ReduceMean', [x, g.integers([-1])], [...x.shape.slice(0, -1), 1], { keepdims: 1 });
}
