import * as l10n from '@vscode/l10n';
import * as tf from '../../tf';
import type { ElementType, Graph, Value } from '../graph';
import { type Recorder, recorderName, unsupported } from '../recorder';

/** How an op is recorded: nodes appended to the graph, the op's result or results returned. */
type Kernel<Inputs, Attributes> = (graph: Graph, inputs: Inputs, attributes: Attributes) => Value | Value[];

/**
 * Registers a kernel with the recorder; `Names` are its inputs' names in tfjs. Only the element types in `takes` are let
 * in: what ONNX does not define for a type, or defines otherwise than tfjs, must not be recorded.
 */
export function define<Names extends string, Attributes = Record<string, never>>(
  kernelName: string,
  kernel: Kernel<Record<Names, Value>, Attributes>,
  takes: readonly ElementType[] = numbers,
): void {
  register(kernelName, takes, (graph, inputs, attributes) => kernel(graph, inputs as Record<Names, Value>, attributes as Attributes));
}

/** The same for ops that take a list. */
export function defineVariadic<Attributes>(
  kernelName: string,
  kernel: Kernel<Value[], Attributes>,
  takes: readonly ElementType[] = numbers,
): void {
  register(kernelName, takes, (graph, inputs, attributes) => kernel(graph, Object.values(inputs), attributes as Attributes));
}

export const floats: readonly ElementType[] = ['float32'];
export const numbers: readonly ElementType[] = ['float32', 'int32'];
export const booleans: readonly ElementType[] = ['bool'];
export const anything: readonly ElementType[] = ['float32', 'int32', 'bool'];

function register(kernelName: string, takes: readonly ElementType[], kernel: Kernel<Record<string, Value>, unknown>): void {
  tf.registerKernel({
    kernelName,
    backendName: recorderName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const recorder = backend as Recorder;
      const values: Record<string, Value> = {};
      for (const [name, tensor] of Object.entries(inputs)) {
        if (!tensor) continue; // an optional input left out
        const value = recorder.recorded(tensor);
        if (!takes.includes(value.dtype))
          throw unsupported(l10n.t('The operation {0} cannot be recorded for {1}.', kernelName, value.dtype));
        values[name] = value;
      }
      const result = kernel(recorder.graph, values, attrs);
      return Array.isArray(result) ? result.map((value) => recorder.tensorInfo(value)) : recorder.tensorInfo(result);
    },
  });
}
