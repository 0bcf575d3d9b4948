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

/** What a gradient is made from: the kernel's inputs by name, its first result where it asked for it, its attributes. */
interface Forward<Names extends string, Attributes> {
  /** The gradients of all its results; `dy` is the first. */
  readonly dys: readonly tf.Tensor[];
  readonly inputs: Record<Names, tf.Tensor>;
  readonly output: tf.Tensor;
  readonly attributes: Attributes;
}

/**
 * Registers the gradient of a kernel. Each entry of what `gradient` returns is called only where that input leads to
 * something that learns.
 */
export function registerGradient<Names extends string, Attributes = unknown>(
  kernelName: string,
  needs: { inputs: readonly Names[]; output?: boolean },
  gradient: (dy: tf.Tensor, forward: Forward<Names, Attributes>) => Record<string, () => tf.Tensor>,
): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: [...needs.inputs],
    outputsToSave: [needs.output ?? false],
    gradFunc: (given, saved, attributes) => {
      const inputs = Object.fromEntries(needs.inputs.map((name, i) => [name, saved[i]])) as Record<Names, tf.Tensor>;
      const output = saved[needs.inputs.length] as tf.Tensor;
      const dys = Array.isArray(given) ? given : [given];
      return gradient(dys[0] as tf.Tensor, { dys, inputs, output, attributes: attributes as unknown as Attributes });
    },
  });
}

/** For mistakes of whoever writes a model. */
export function check(condition: boolean, message: () => string): void {
  if (!condition) throw new RangeError(message());
}
