import type { ActivationAttributes } from '../ops/activations';
import * as tf from '../tf';
import { define } from './define';

const hardSigmoid = (x: tf.Tensor) => tf.clipByValue(tf.add(tf.div(x, 6), 0.5), 0, 1);

/** The normal distribution Φ and its density φ. */
const normal = (x: tf.Tensor) => tf.add(tf.mul(tf.erf(tf.mul(x, Math.SQRT1_2)), 0.5), 0.5);
const density = (x: tf.Tensor) => tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));

/** (1 + tanh u) / 2 of geluTanh, and u's slope. */
const gate = (x: tf.Tensor) => tf.sigmoid(tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), 2 * Math.sqrt(2 / Math.PI)));
const gateSlope = (x: tf.Tensor) => tf.mul(tf.add(1, tf.mul(tf.square(x), 3 * 0.044715)), Math.sqrt(2 / Math.PI));

/** 1 where low < x < high, else 0 */
const inside = (x: tf.Tensor, low: number, high: number) => tf.cast(tf.logicalAnd(tf.greater(x, low), tf.less(x, high)), 'float32');

define<'x', ActivationAttributes>('ThawActivation', ({ x }, { activation }) => {
  switch (activation) {
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.clipByValue(x, 0, 6);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'silu':
      return tf.mul(x, tf.sigmoid(x));
    case 'hardSigmoid':
      return hardSigmoid(x);
    case 'hardSwish':
      return tf.mul(x, hardSigmoid(x));
    case 'gelu':
      return tf.mul(x, normal(x));
    case 'geluTanh':
      return tf.mul(x, gate(x));
  }
});

define<'dy' | 'x', ActivationAttributes>('ThawActivationGradient', ({ dy, x }, { activation }) => {
  switch (activation) {
    case 'relu':
      return tf.mul(dy, tf.cast(tf.greater(x, 0), 'float32'));
    case 'relu6':
      return tf.mul(dy, inside(x, 0, 6));
    case 'sigmoid': {
      const s = tf.sigmoid(x);
      return tf.mul(dy, tf.mul(s, tf.sub(1, s)));
    }
    case 'silu': {
      const s = tf.sigmoid(x);
      return tf.mul(dy, tf.mul(s, tf.add(1, tf.mul(x, tf.sub(1, s)))));
    }
    case 'hardSigmoid':
      return tf.mul(dy, tf.div(inside(x, -3, 3), 6));
    case 'hardSwish': {
      const middle = tf.mul(inside(x, -3, 3), tf.add(tf.div(x, 3), 0.5));
      return tf.mul(dy, tf.add(middle, tf.cast(tf.greaterEqual(x, 3), 'float32')));
    }
    case 'gelu':
      return tf.mul(dy, tf.add(normal(x), tf.mul(x, density(x))));
    case 'geluTanh': {
      const s = gate(x);
      return tf.mul(dy, tf.add(s, tf.mul(tf.mul(x, gateSlope(x)), tf.mul(tf.mul(s, tf.sub(1, s)), 2))));
    }
  }
});
