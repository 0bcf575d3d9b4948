import type { Engine } from '../src/core/engine';

/** How large the work is. */
export interface Scale {
  readonly batch: number;
  /** Side of the pictures in pixels, or tokens of a text. */
  readonly size: number;
  /** Pictures in train/ and val/, for what reads files. */
  readonly data: string;
}

/** Work that is ready to be timed: it has run once. */
export interface Work {
  step(): Promise<unknown>;
  /** In batches; 1 where it is not said. */
  readonly batches?: number;
}

/** What is measured, with what it should reach; ./peers/steps.py has a case of the same name. */
export interface Case {
  readonly measure: string;
  readonly size: number;
  /** Batch 16 where it is not said. */
  readonly batch?: number;
  /**
   * At most: Thaw's time / PyTorch's; the same with standard operators only; the onnx engine's time / the tensorflow engine's;
   * seconds to compile. What has no goal is only measured if it is here as null.
   */
  readonly goals: {
    readonly pytorch: number | null;
    readonly portable?: number | null;
    readonly tensorflow?: number;
    readonly compile?: number;
  };
  prepare(engine: Engine, scale: Scale): Promise<Work>;
}
