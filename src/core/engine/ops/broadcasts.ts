import * as tf from '../tf';
import { registerGradient } from './kernel';

type Slopes = (a: tf.Tensor, b: tf.Tensor) => readonly [tf.Tensor, tf.Tensor];

/** Of equals, the first takes all. */
const slopes: Record<'Maximum' | 'Minimum' | 'SquaredDifference', Slopes> = {
  Maximum: (a, b) => [tf.cast(tf.greaterEqual(a, b), 'float32'), tf.cast(tf.less(a, b), 'float32')],
  Minimum: (a, b) => [tf.cast(tf.lessEqual(a, b), 'float32'), tf.cast(tf.greater(a, b), 'float32')],
  SquaredDifference: (a, b) => [tf.mul(tf.sub(a, b), 2), tf.mul(tf.sub(b, a), 2)],
};

/** tfjs refuses the gradients of these where an input was repeated along an axis: they are to be summed along it. */
export function registerBroadcastGradients(): void {
  for (const [kernel, slopesOf] of Object.entries(slopes))
    registerGradient<'a' | 'b'>(kernel, { inputs: ['a', 'b'] }, (dy, { inputs: { a, b } }) => ({
      a: () => summedTo(a.shape, tf.mul(dy, slopesOf(a, b)[0])),
      b: () => summedTo(b.shape, tf.mul(dy, slopesOf(a, b)[1])),
    }));
}

function summedTo(shape: readonly number[], gradient: tf.Tensor): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes([...shape], gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, [...shape]);
}

registerBroadcastGradients();
