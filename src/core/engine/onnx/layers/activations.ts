import type { ActivationAttributes } from '../../ops/activations';
import { blockedRelu, blockedReluGradient } from '../blocked/elementwise';
import type { Graph, Value } from '../graph';
import { define, floats } from '../kernels/define';

define<'x', ActivationAttributes>(
  'ThawActivation',
  (g, { x }, { activation }) => {
    switch (activation) {
      case 'relu':
        return x.blocks ? blockedRelu(g, x) : g.unary('Relu', x);
      case 'relu6':
        return x.blocks ? blockedRelu(g, x, 6) : g.node('Clip', [x, g.scalar(0), g.scalar(6)], x.shape);
      case 'sigmoid':
        return g.unary('Sigmoid', x);
      case 'silu':
        return g.multiply(x, g.unary('Sigmoid', x));
      case 'hardSigmoid':
        return hardSigmoid(g, x);
      case 'hardSwish':
        return g.multiply(x, hardSigmoid(g, x));
      case 'gelu':
        return g.multiply(x, normal(g, x));
      case 'geluTanh':
        return g.multiply(x, gate(g, x));
    }
  },
  floats,
);

/** Where y tells as much as x, the gradient is made from y, so that x need not be kept. */
define<'dy' | 'x' | 'y', ActivationAttributes>(
  'ThawActivationGradient',
  (g, { dy, x, y }, { activation }) => {
    switch (activation) {
      case 'relu':
        return y.blocks ? blockedReluGradient(g, dy, y) : g.multiply(dy, g.cast(above(g, y, 0), 'float32'));
      case 'relu6':
        return y.blocks ? blockedReluGradient(g, dy, y, 6) : g.multiply(dy, inside(g, y, 0, 6));
      case 'sigmoid':
        return g.multiply(dy, g.multiply(y, g.subtract(g.scalar(1), y)));
      case 'silu': {
        const s = g.unary('Sigmoid', x);
        return g.multiply(dy, g.add(s, g.multiply(y, g.subtract(g.scalar(1), s))));
      }
      case 'hardSigmoid':
        return g.multiply(dy, g.scale(inside(g, x, -3, 3), 1 / 6));
      case 'hardSwish': {
        const middle = g.add(g.scale(x, 1 / 3), g.scalar(0.5));
        const slope = g.where(above(g, x, -3), g.where(below(g, x, 3), middle, g.scalar(1)), g.scalar(0));
        return g.multiply(dy, slope);
      }
      case 'gelu': {
        const power = g.multiply(g.scale(x, -0.5), x);
        const density = g.multiply(g.unary('Exp', power), g.scale(x, 1 / Math.sqrt(2 * Math.PI))); // x·φ(x)
        return g.multiply(dy, g.add(normal(g, x), density));
      }
      case 'geluTanh': {
        const s = gate(g, x);
        const slope = g.add(g.scale(g.multiply(x, x), 6 * 0.044715 * Math.sqrt(2 / Math.PI)), g.scalar(2 * Math.sqrt(2 / Math.PI)));
        const curved = g.multiply(g.multiply(x, slope), g.multiply(s, g.subtract(g.scalar(1), s)));
        return g.multiply(dy, g.add(s, curved));
      }
    }
  },
  floats,
);

function hardSigmoid(g: Graph, x: Value): Value {
  return g.unary('HardSigmoid', x, { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
}

/** Φ(x) = (1 + erf(x/√2)) / 2: a hard sigmoid of slope ½ never clips what erf gives, and takes one pass. */
function normal(g: Graph, x: Value): Value {
  return halved(g, g.unary('Erf', g.scale(x, Math.SQRT1_2)));
}

/** (1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2 */
function gate(g: Graph, x: Value): Value {
  const inner = g.add(g.scale(g.multiply(x, x), 0.044715 * Math.sqrt(2 / Math.PI)), g.scalar(Math.sqrt(2 / Math.PI)));
  return halved(g, g.unary('Tanh', g.multiply(x, inner)));
}

/** (1 + x) / 2 for −1 ≤ x ≤ 1 */
function halved(g: Graph, x: Value): Value {
  return g.unary('HardSigmoid', x, { alpha: { float: 0.5 }, beta: { float: 0.5 } });
}

function above(g: Graph, x: Value, bound: number): Value {
  return g.binary('Greater', x, g.scalar(bound), 'bool');
}

function below(g: Graph, x: Value, bound: number): Value {
  return g.binary('Less', x, g.scalar(bound), 'bool');
}

/** 1 where low < x < high, else 0 */
function inside(g: Graph, x: Value, low: number, high: number): Value {
  return g.cast(g.binary('And', above(g, x, low), below(g, x, high), 'bool'), 'float32');
}
