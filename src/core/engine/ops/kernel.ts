import type { Tensors } from '../engine';
import * as tf from '../tf';

/**
 * A layer op is a kernel of our own, so that every engine may give its forward pass and its gradients in the form that is
 * best there. Gradients are registered once, in terms of further such kernels.
 */
export function run(kernel: string, inputs: Tensors, attributes: object = {}): tf.Tensor {
  return tf.engine().runKernel(kernel, inputs as tf.NamedTensorMap, attributes as tf.NamedAttrMap);
}

/** The same for kernels with several results. */
export function runMany(kernel: string, inputs: Tensors, attributes: object = {}): tf.Tensor[] {
  return tf.engine().runKernel(kernel, inputs as tf.NamedTensorMap, attributes as tf.NamedAttrMap);
}

/** What a gradient is made from: the kernel's inputs by name, its (first) result, its attributes. */
interface Forward<Names extends string, Attributes> {
  readonly inputs: Record<Names, tf.Tensor>;
  readonly output: tf.Tensor;
  readonly attributes: Attributes;
}

/**
 * Registers the gradient of a kernel whose only result is differentiated. Each entry of what `gradient` returns is called
 * only where that input leads to something that learns.
 */
export function registerGradient<Names extends string, Attributes = unknown>(
  kernelName: string,
  names: readonly Names[],
  gradient: (dy: tf.Tensor, forward: Forward<Names, Attributes>) => Partial<Record<Names, () => tf.Tensor>>,
): void {
  registerGradients<Names, Attributes>(kernelName, names, [], ([dy], forward) => gradient(dy as tf.Tensor, forward));
}

/** The same for kernels with several results; `kept` marks the one that the gradient needs, if any. */
export function registerGradients<Names extends string, Attributes = unknown>(
  kernelName: string,
  names: readonly Names[],
  kept: readonly boolean[],
  gradient: (dys: tf.Tensor[], forward: Forward<Names, Attributes>) => Partial<Record<Names, () => tf.Tensor>>,
): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: [...names],
    outputsToSave: [...kept],
    gradFunc: (dy, saved, attributes) => {
      const inputs = Object.fromEntries(names.map((name, i) => [name, saved[i]])) as Record<Names, tf.Tensor>;
      const output = saved[names.length] as tf.Tensor;
      return gradient(Array.isArray(dy) ? dy : [dy], { inputs, output, attributes: attributes as Attributes }) as ReturnType<
        tf.GradConfig['gradFunc']
      >;
    },
  });
}

/** For mistakes of whoever writes a model. */
export function check(condition: boolean, message: () => string): void {
  if (!condition) throw new RangeError(message());
}
