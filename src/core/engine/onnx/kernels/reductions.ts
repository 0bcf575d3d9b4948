import { util } from '../../tf';
import type { Graph, Value } from '../graph';
import { booleans, define, floats } from './define';

type Axis = number | number[] | null | undefined;

const axesOf = (axis: Axis, x: Value) => util.parseAxisParam(axis as number | number[], [...x.shape]);

define<'x', { axis: Axis; keepDims: boolean }>('Sum', (g, { x }, { axis, keepDims }) => g.sum(x, axesOf(axis, x), keepDims));
define<'x', { axis: Axis; keepDims: boolean }>('Mean', (g, { x }, { axis, keepDims }) => g.mean(x, axesOf(axis, x), keepDims), floats);
define<'x', { axis: Axis; keepDims: boolean }>('Prod', (g, { x }, { axis, keepDims }) =>
  g.reduce('ReduceProd', x, axesOf(axis, x), keepDims),
);
define<'x', { reductionIndices: Axis; keepDims: boolean }>('Max', (g, { x }, { reductionIndices, keepDims }) =>
  g.reduce('ReduceMax', x, axesOf(reductionIndices, x), keepDims),
);
define<'x', { axis: Axis; keepDims: boolean }>('Min', (g, { x }, { axis, keepDims }) =>
  g.reduce('ReduceMin', x, axesOf(axis, x), keepDims),
);

const logical = (g: Graph, operator: string, x: Value, axis: Axis, keepDims: boolean) =>
  g.cast(g.reduce(operator, g.cast(x, 'int32'), axesOf(axis, x), keepDims), 'bool');
define<'x', { axis: Axis; keepDims: boolean }>(
  'All',
  (g, { x }, { axis, keepDims }) => logical(g, 'ReduceMin', x, axis, keepDims),
  booleans,
);
define<'x', { axis: Axis; keepDims: boolean }>(
  'Any',
  (g, { x }, { axis, keepDims }) => logical(g, 'ReduceMax', x, axis, keepDims),
  booleans,
);

for (const name of ['ArgMax', 'ArgMin'])
  define<'x', { axis: Axis }>(name, (g, { x }, { axis }) => {
    const [along] = axesOf(axis, x) as [number];
    const shape = x.shape.filter((_, i) => i !== along);
    return g.cast(g.node(name, [x], shape, { axis: along, keepdims: 0 }, 'int64'), 'int32');
  });

define<'x', { axis: number; exclusive: boolean; reverse: boolean }>('Cumsum', (g, { x }, { axis, exclusive, reverse }) => {
  const along = g.constant(Int32Array.of(axis), [], 'int32');
  return g.node('CumSum', [x, along], x.shape, { exclusive: Number(exclusive), reverse: Number(reverse) });
});

define<'logits', { dim: number }>('Softmax', (g, { logits }, { dim }) => g.unary('Softmax', logits, { axis: dim }), floats);
define<'logits', { axis: number }>('LogSoftmax', (g, { logits }, { axis }) => g.unary('LogSoftmax', logits, { axis }), floats);
