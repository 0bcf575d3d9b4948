import type { KerasGraph } from '../../models/keras';
import type { Shape } from '../../nn';

/** A tensor of a file, not yet read. */
export interface StoredTensor {
  /**
   * The names of its layer and of those around it, as far as the file says them, then its own, joined by slashes:
   * `inner/Conv1/kernel`. Where a file counts a layer's tensors, its own name is its number.
   */
  readonly name: string;
  readonly shape: Shape;
  /** @throws ThawError `model.corrupt` */
  read(): Promise<Float32Array>;
}

/** What a file of a Keras model holds. */
export interface Contents {
  /** The JSON that describes the layers. */
  readonly topology: unknown;
  /** The tensors of the model that the topology describes. */
  tensors(graph: KerasGraph): StoredTensor[];
  /** Files that hold the weights, for their size and their hash. */
  readonly files: readonly string[];
  close(): void;
}
