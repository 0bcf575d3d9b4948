import { backend_util } from '../../tf';
import { blockedSum } from '../blocked/elementwise';
import type { ElementType, Graph, Value } from '../graph';
import { productSum } from '../products';
import { anything, booleans, define, floats, numbers } from './define';

/** tfjs kernels that are one ONNX operator: its name, and the types that it may take. */
const unary: Record<string, [operator: string, takes: readonly ElementType[]]> = {
  Abs: ['Abs', numbers],
  Ceil: ['Ceil', floats],
  Cos: ['Cos', floats],
  Elu: ['Elu', floats],
  Erf: ['Erf', floats],
  Exp: ['Exp', floats],
  Floor: ['Floor', floats],
  Log: ['Log', floats],
  LogicalNot: ['Not', booleans],
  Neg: ['Neg', numbers],
  Reciprocal: ['Reciprocal', floats],
  Relu: ['Relu', floats],
  Round: ['Round', floats],
  Sigmoid: ['Sigmoid', floats],
  Sign: ['Sign', floats],
  Sin: ['Sin', floats],
  Softplus: ['Softplus', floats],
  Sqrt: ['Sqrt', floats],
  Tanh: ['Tanh', floats],
};
for (const [name, [operator, takes]] of Object.entries(unary)) define<'x'>(name, (g, { x }) => g.unary(operator, x), takes);

define<'x'>('Square', (g, { x }) => g.multiply(x, x));
define<'x'>('Rsqrt', (g, { x }) => g.unary('Reciprocal', g.unary('Sqrt', x)), floats);
define<'x'>('IsNan', (g, { x }) => g.node('IsNaN', [x], x.shape, {}, 'bool'), floats);
define<'x'>('IsInf', (g, { x }) => g.node('IsInf', [x], x.shape, {}, 'bool'), floats);
define<'x'>('Relu6', (g, { x }) => g.node('Clip', [x, g.scalar(0), g.scalar(6)], x.shape), floats);
define<'x', { alpha: number }>('LeakyRelu', (g, { x }, { alpha }) => g.unary('LeakyRelu', x, { alpha: { float: alpha } }), floats);
define<'x', { clipValueMin: number; clipValueMax: number }>(
  'ClipByValue',
  (g, { x }, { clipValueMin, clipValueMax }) => g.node('Clip', [x, g.scalar(clipValueMin), g.scalar(clipValueMax)], x.shape),
  floats,
);
/** 1 above zero, `alpha` elsewhere; NaN stays NaN. */
define<'x', { alpha: number }>(
  'Step',
  (g, { x }, { alpha }) => {
    const step = g.where(g.binary('Greater', x, g.scalar(0), 'bool'), g.scalar(1), g.scalar(alpha));
    return g.where(g.node('IsNaN', [x], x.shape, {}, 'bool'), x, step);
  },
  floats,
);
define<'x', { dtype: string }>('Cast', (g, { x }, { dtype }) => g.cast(x, dtype as ElementType), anything);
define<'x'>('Identity', (_, { x }) => x, anything);

const arithmetic: Record<string, [operator: string, takes: readonly ElementType[]]> = {
  Sub: ['Sub', numbers],
  Multiply: ['Mul', numbers],
  RealDiv: ['Div', floats],
  Maximum: ['Max', numbers],
  Minimum: ['Min', numbers],
  Pow: ['Pow', floats],
};
for (const [name, [operator, takes]] of Object.entries(arithmetic))
  define<'a' | 'b'>(name, (g, { a, b }) => g.binary(operator, a, b), takes);

define<'a' | 'b'>('Add', (g, { a, b }) => blockedSum(g, a, b) ?? productSum(g, a, b) ?? g.add(a, b));
define<'a' | 'b'>('SquaredDifference', (g, { a, b }) => {
  const difference = g.subtract(a, b);
  return g.multiply(difference, difference);
});
/** Rounds down, where ONNX's integer division rounds towards zero; a float64 holds every int32. */
define<'a' | 'b'>(
  'FloorDiv',
  (g, { a, b }) => {
    const quotient = g.divide(g.cast(a, 'float64'), g.cast(b, 'float64'));
    return g.cast(g.unary('Floor', quotient), 'int32');
  },
  ['int32'],
);
/** The result has the divisor's sign. */
define<'a' | 'b'>('Mod', (g, { a, b }) => floorMod(g, a, b));

function floorMod(g: Graph, a: Value, b: Value): Value {
  const shape = backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
  if (a.dtype === 'int32') return g.node('Mod', [a, b], shape);
  const remainder = (x: Value) => g.node('Mod', [x, b], shape, { fmod: 1 });
  const sameSign = g.binary('Equal', g.binary('Less', a, g.scalar(0), 'bool'), g.binary('Less', b, g.scalar(0), 'bool'), 'bool');
  return g.where(sameSign, remainder(a), remainder(g.add(remainder(a), b)));
}

const comparisons = { Equal: 'Equal', Greater: 'Greater', GreaterEqual: 'GreaterOrEqual', Less: 'Less', LessEqual: 'LessOrEqual' };
for (const [name, operator] of Object.entries(comparisons)) define<'a' | 'b'>(name, (g, { a, b }) => g.binary(operator, a, b, 'bool'));
define<'a' | 'b'>('NotEqual', (g, { a, b }) => g.unary('Not', g.binary('Equal', a, b, 'bool')));

const logical = { LogicalAnd: 'And', LogicalOr: 'Or' };
for (const [name, operator] of Object.entries(logical))
  define<'a' | 'b'>(name, (g, { a, b }) => g.binary(operator, a, b, 'bool'), booleans);

/** tfjs lets a condition of rank 1 choose whole rows. */
define<'condition' | 't' | 'e'>(
  'Select',
  (g, { condition, t, e }) => {
    const rows = condition.shape.length === 1 && t.shape.length > 1;
    const chosen = rows ? g.reshape(condition, [...condition.shape, ...t.shape.slice(1).map(() => 1)]) : condition;
    return g.where(chosen, t, e);
  },
  anything,
);
