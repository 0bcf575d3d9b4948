import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import type { NamedTensors, ProgramSpec, Step, TensorData, Tensors } from '../engine';
import * as tf from '../tf';
import { type ElementArray, type ElementType, Graph, type Layout, type Value } from './graph';

/** The name under which the recorder's kernels are registered with tfjs. */
export const recorderName = 'thaw-recorder';

/** A step as a graph: what goes in and what comes out, by name. */
export interface Recording {
  readonly graph: Graph;
  readonly inputs: ReadonlyMap<string, Value>;
  readonly state: ReadonlyMap<string, Value>;
  readonly outputs: ReadonlyMap<string, Value>;
  /** State that the step returns, without what it returns as it came. */
  readonly nextState: ReadonlyMap<string, Value>;
}

export function unsupported(what: string, hint?: string, cause?: unknown): ThawError {
  return new ThawError('engine.unsupported', what, hint ?? l10n.t('Write the step with other operations.'), { cause });
}

/**
 * A tfjs backend that computes nothing: its kernels append nodes to a graph. Values are kept for as long as their tensors
 * live and never freed on disposal, so it doesn't matter when a step tidies up.
 */
export class Recorder extends tf.KernelBackend {
  readonly graph: Graph;
  /** The first thing that could not be recorded; it stands even if the step swallows the error. */
  refusal: ThawError | undefined;
  private readonly values = new WeakMap<object, Value>();

  constructor(layout?: Layout, isRough?: boolean) {
    super();
    this.graph = new Graph(layout, isRough);
  }

  /** @throws ThawError `engine.unsupported` for a tensor that does not belong to this recording. */
  recorded(tensor: tf.TensorInfo): Value {
    const value = this.values.get(tensor.dataId);
    if (value) return value;
    throw this.refuse(
      l10n.t('A step uses a tensor that was made outside of it.'),
      l10n.t('Hand it in as a constant, an input or a piece of state.'),
    );
  }

  tensorInfo(value: Value): tf.TensorInfo {
    const dataId = {};
    this.values.set(dataId, value);
    return { dataId, shape: [...value.shape], dtype: value.dtype as tf.DataType };
  }

  tensorOf(value: Value): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.tensorInfo(value), this);
  }

  refuse(what: string, hint?: string): ThawError {
    const error = unsupported(what, hint);
    this.refusal ??= error;
    return error;
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype);
    return dataId;
  }

  override move(dataId: object, values: tf.BackendValues, shape: number[], dtype: tf.DataType): void {
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
      throw this.refuse(l10n.t('A step uses a tensor of type {0}, which cannot be recorded.', dtype));
    this.values.set(dataId, this.graph.constant(elements(values as tf.TypedArray, dtype), shape, dtype));
  }

  override readSync(dataId: object): tf.BackendValues {
    const value = this.values.get(dataId);
    const data = value && this.graph.dataOf(value);
    if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array) return data;
    throw this.refuse(
      l10n.t('A step reads the values of a tensor (data, dataSync, arraySync, print), which it does not have while it is recorded.'),
    );
  }

  /** Never settles when refused: the recording has failed by then, and nobody waits for the promise. */
  override read(dataId: object): Promise<tf.BackendValues> {
    try {
      return Promise.resolve(this.readSync(dataId));
    } catch {
      return new Promise(() => {});
    }
  }

  override numDataIds(): number {
    return 0;
  }
  override disposeData(): boolean {
    return true;
  }
  override refCount(): number {
    return 1;
  }
  override incRef(): void {}
  override dispose(): void {}
  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
}

function elements(values: ArrayLike<number>, dtype: 'float32' | 'int32' | 'bool'): ElementArray {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(values);
    case 'int32':
      return Int32Array.from(values);
    case 'bool':
      return Uint8Array.from(values);
  }
}

/**
 * Runs `step` once, on a backend and in a tfjs state of its own, so that tensors, tapes and variables which it leaves
 * behind, even by an error, are gone with that state.
 * @throws ThawError `engine.unsupported` naming what cannot be recorded.
 */
export function record(step: Step, spec: ProgramSpec, layout?: Layout): Recording {
  const recorder = new Recorder(layout, spec.rough);
  return within(recorder, () => {
    const { graph } = recorder;
    const fed = (kind: string, name: string, facts: { shape: readonly number[]; dtype: ElementType }) =>
      graph.input(`${kind}:${name}`, facts.shape, facts.dtype);
    const inputs = new Map(Object.entries(spec.inputs).map(([name, facts]) => [name, fed('input', name, facts)]));
    const state = new Map([...spec.state].map(([name, facts]) => [name, fed('state', name, facts)]));
    const constants = constantsOf(graph, spec.constants);
    const given = { inputs: tensorsOf(recorder, inputs), state: tensorsOf(recorder, state), constants: tensorsOf(recorder, constants) };
    const returned = step(given);
    if (recorder.refusal) throw recorder.refusal;
    const outputs = valuesOf(recorder, returned.outputs);
    const next = valuesOf(recorder, returned.state ?? {});
    checkState(state, next);
    const nextState = new Map([...next].filter(([name, value]) => value.name !== state.get(name)?.name));
    return { graph, inputs, state, outputs, nextState };
  });
}

function within<T>(recorder: Recorder, work: () => T): T {
  const engine = tf.engine();
  const kept = { state: engine.state, backend: engine.backendName };
  engine.state = new (kept.state.constructor as new () => typeof kept.state)();
  tf.registerBackend(recorderName, () => recorder);
  void tf.setBackend(recorderName); // takes effect at once: the backend is there
  try {
    return work();
  } catch (error) {
    throw recorder.refusal ?? translated(error);
  } finally {
    engine.state = kept.state;
    if (kept.backend) void tf.setBackend(kept.backend);
    tf.removeBackend(recorderName);
  }
}

/** tfjs names the kernels and gradients that it misses in words only. */
function translated(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  const kernel = /Kernel '(\w+)' not registered|registered kernel '(\w+)'/.exec(message);
  if (kernel) return unsupported(l10n.t('The operation {0} cannot be recorded.', kernel[1] ?? kernel[2] ?? ''), undefined, error);
  const gradient = /gradient function not found for (\w+)/.exec(message);
  if (gradient) return unsupported(l10n.t('The operation {0} has no gradient.', gradient[1] as string), undefined, error);
  return error;
}

function constantsOf(graph: Graph, constants: NamedTensors): Map<string, Value> {
  const value = (name: string, { data, shape, dtype }: TensorData) => graph.constant(data, shape, dtype, `constant:${name}`);
  return new Map([...constants].map(([name, tensor]) => [name, value(name, tensor)]));
}

function tensorsOf(recorder: Recorder, values: ReadonlyMap<string, Value>): Tensors {
  return Object.fromEntries([...values].map(([name, value]) => [name, recorder.tensorOf(value)]));
}

function valuesOf(recorder: Recorder, tensors: Tensors): Map<string, Value> {
  return new Map(Object.entries(tensors).map(([name, tensor]) => [name, recorder.recorded(tensor)]));
}

function checkState(before: ReadonlyMap<string, Value>, after: ReadonlyMap<string, Value>): void {
  for (const [name, { shape, dtype }] of after) {
    const old = before.get(name);
    if (!old) throw unsupported(l10n.t('The step returns the state "{0}", which it was not given.', name));
    if (old.dtype !== dtype || `${old.shape}` !== `${shape}`)
      throw unsupported(
        l10n.t('The step returns the state "{0}" as {1} [{2}]; it is {3} [{4}].', name, dtype, `${shape}`, old.dtype, `${old.shape}`),
      );
  }
}
