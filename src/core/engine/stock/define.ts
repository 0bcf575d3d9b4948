import * as tf from '../tf';

type Kernel<Names extends string, Attributes> = (
  inputs: Record<Names, tf.Tensor>,
  attributes: Attributes,
  /** Where the inputs live; for kernels that must look at values. */
  backend: tf.KernelBackend,
) => tf.Tensor | tf.Tensor[];

const kernels = new Map<string, Kernel<string, unknown>>();

/** Writes a layer op's kernel in stock tfjs operations, for any backend that has these. */
export function define<Names extends string, Attributes = unknown>(kernelName: string, kernel: Kernel<Names, Attributes>): void {
  kernels.set(kernelName, kernel as Kernel<string, unknown>);
}

const registered = new Set<string>();

/** Gives a stock backend all the layer ops. tfjs records no gradients inside a kernel, so ours stand. */
export function registerStockKernels(backendName: string): void {
  if (registered.has(backendName)) return;
  registered.add(backendName);
  for (const [kernelName, kernel] of kernels)
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        tf.tidy(() => kernel(inputs as unknown as Record<string, tf.Tensor>, attrs, backend as tf.KernelBackend)),
    });
}
