import type { Tensor } from '@tensorflow/tfjs-core';
import type { ComputeDevice } from '../../protocol/runConfig';

export type DType = 'float32' | 'int32';
/** A tensor's values outside of any engine, row-major. */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}
export type NamedTensors = ReadonlyMap<string, TensorData>;
export type Tensors = Readonly<Record<string, Tensor>>;

/**
 * A pure function in plain tfjs ops and the ops of ./ops: recorded once, run often. It may not read a tensor's values
 * nor branch on them. `state` that it does not return keeps its value.
 */
export type Step = (given: { state: Tensors; constants: Tensors; inputs: Tensors }) => { outputs: Tensors; state?: Tensors };

export interface ProgramSpec {
  /** What changes from run to run, with its first values: trained parameters, statistics, optimizer slots. */
  readonly state: NamedTensors;
  /** What never changes: frozen parameters and statistics. The engine may fold, pack and share them. */
  readonly constants: NamedTensors;
  /** Fixed shapes, batch included. */
  readonly inputs: Readonly<Record<string, { dtype: DType; shape: readonly number[] }>>;
  /**
   * A program of the same engine whose state this one reads and changes too, as it stands: the same names and shapes (one
   * step compiled for several lengths of text, say, or one that adds up gradients and one that applies them; of two that
   * change different pieces, the one that is compiled first decides how they lie). The values of `state` are not taken.
   */
  readonly sharing?: Program;
  /** Products with constants may be rounded to a percent where that is quicker: for guesses that an exact program checks. */
  readonly rough?: boolean;
  /**
   * Room for large tensors is given back after each run, where a program otherwise keeps what it took: for those that run in
   * turn with others. It costs up to a third of a run's time where little is computed, and hardly any where much is.
   */
  readonly lean?: boolean;
}

export interface Program {
  /**
   * Runs the step once; state goes in and comes out inside.
   * @throws ThawError `engine.failed` | `engine.outOfMemory`; the state is then what it was before.
   */
  run(inputs: Readonly<Record<string, Float32Array | Int32Array>>): Promise<Record<string, TensorData>>;
  /** Copies of state by name, all of it by default. */
  read(names?: Iterable<string>): Map<string, TensorData>;
  /** Replaces state by name; shapes must agree. */
  write(values: NamedTensors): void;
  dispose(): Promise<void>;
}

/** What an engine does otherwise than it was asked to, and why. */
export interface EngineWarning {
  readonly code: 'engine.fallback' | 'engine.threads' | 'engine.device';
  readonly message: string;
}

export interface Engine {
  readonly name: 'onnx' | 'tensorflow';
  readonly version: string;
  readonly threads: number;
  readonly device: ComputeDevice;
  readonly warnings: readonly EngineWarning[];
  /** Whether a rough program (see ProgramSpec) is several times quicker where an exact one waits for its weights. */
  readonly roughIsQuick: boolean;
  /** @throws ThawError `engine.unsupported` naming an op that cannot be recorded; `engine.failed`. */
  compile(step: Step, spec: ProgramSpec): Promise<Program>;
  dispose(): Promise<void>;
}
