import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { ThawError } from '../../../protocol/failure';
import type { ComputeDevice } from '../../../protocol/runConfig';

/** A model that is ready to run. Outputs for which `run` is given tensors are written into those. */
export interface Session {
  readonly inputNames: readonly string[];
  run(feeds: Record<string, Tensor>, fetches: Record<string, Tensor | null>): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

/** What the engine needs of onnxruntime: the native package has it, and ./web makes the WebAssembly one alike. */
export interface Ort {
  readonly Tensor: typeof Tensor;
  readonly InferenceSession: { create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<Session> };
}

export interface OnnxRuntime {
  readonly ort: Ort;
  readonly version: string;
  /** Threads that its sessions can have. */
  readonly threads: number;
  /** Whether it is the processor's own code, not WebAssembly. */
  readonly isNative: boolean;
  /** Main file of the package, for other processes. */
  readonly file: string;
  /** What it has providers for, cpu among them; whether they work here is another matter. */
  readonly devices: readonly ComputeDevice[];
  /** Why it is not the native one, where that was to be had. */
  readonly fallback?: ThawError;
}
