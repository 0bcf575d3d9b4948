import type { Tensors } from '../engine';
import * as tf from '../tf';

/**
 * The gradients of a scalar loss. `aux` carries other results of the same pass out of the differentiated function:
 * batch statistics, logits. A parameter that the loss does not depend on has gradient zero.
 */
export function valueAndGradients(
  f: (parameters: Tensors) => { loss: tf.Tensor; aux: Tensors },
  parameters: Tensors,
): { loss: tf.Tensor; aux: Tensors; gradients: Tensors } {
  const names = Object.keys(parameters);
  if (names.length === 0) return { ...f(parameters), gradients: {} };
  const values = names.map((name) => parameters[name] as tf.Tensor);
  let aux: Tensors = {};
  const forward = () => {
    const result = f(parameters);
    aux = mapValues(result.aux, (tensor) => tf.keep(tensor.clone())); // else tidied away with the forward pass
    return result.loss as tf.Scalar;
  };
  const { value, grads } = tf.engine().gradients(forward, values, undefined, true);
  const gradients = Object.fromEntries(names.map((name, i) => [name, grads[i] ?? tf.zerosLike(values[i] as tf.Tensor)]));
  const owned = mapValues(aux, (kept) => {
    const tensor = kept.clone();
    kept.dispose();
    return tensor;
  });
  return { loss: value, aux: owned, gradients };
}

export function mapValues(tensors: Tensors, f: (tensor: tf.Tensor) => tf.Tensor): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, f(tensor)]));
}
