import type { Tensor } from '@tensorflow/tfjs-core';
import { gelu, hardSigmoid, hardSwish, relu, relu6, sigmoid, silu, softmax, tf } from '../../engine/ops';
import { fromKeras, type Layout, toKeras } from './layout';

/** x or 0, and below 0 slope·x */
export function leaky(x: Tensor, slope: number): Tensor {
  return slope === 0 ? relu(x) : tf.leakyRelu(x, slope);
}

const elu = (x: Tensor, alpha = 1) => tf.add(relu(x), tf.mul(tf.sub(tf.exp(tf.minimum(x, 0)), 1), alpha));

/** By the names that Keras's configurations have for them. */
const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  linear: (x) => x,
  relu,
  relu6,
  sigmoid,
  silu,
  swish: silu,
  hard_silu: hardSwish,
  hard_swish: hardSwish,
  /** relu6(x + 3) / 6: Keras 3. */
  hard_sigmoid: hardSigmoid,
  /** 0.2·x + 0.5 within 0 … 1: Keras 2 and TensorFlow.js. */
  hard_sigmoid_2: (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1),
  tanh: (x) => tf.tanh(x),
  leaky_relu: (x) => leaky(x, 0.2),
  elu,
  selu: (x) => tf.mul(elu(x, 1.6732632423543772), 1.0507009873554805),
  gelu,
  softplus: (x) => tf.softplus(x),
  softsign: (x) => tf.div(x, tf.add(tf.abs(x), 1)),
  exponential: (x) => tf.exp(x),
  mish: (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
};

export type Activate = (x: Tensor) => Tensor;

/** Undefined for a function that we do not know. */
export function activationOf(name: string, layout: Layout): Activate | undefined {
  if (name === 'softmax') return (x) => fromKeras(softmax(toKeras(x, layout)), layout);
  return Object.hasOwn(functions, name) ? functions[name] : undefined;
}

export { elu };
