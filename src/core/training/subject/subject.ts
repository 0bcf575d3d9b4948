import type { RunEventBody } from '../../../protocol/events';
import type { NamedTensors, TensorData } from '../../engine/engine';
import type { Network } from '../../models/model';
import type { Places } from '../../weights';
import type { Examples } from '../examples/examples';
import type { Preparing } from '../preparing';
import type { Writing } from '../writing';

/** What a run records of the model that it begins from. */
export interface BaseModel {
  readonly id: string;
  readonly family: string;
  readonly source: string;
  readonly licence: string;
}

export interface Result {
  readonly tensors: NamedTensors;
  /** Names of those that have ever been free to change. */
  readonly touched: ReadonlySet<string>;
  /** README.md */
  readonly card: string;
}

/** What a run is about: examples, and the network that learns from them. */
export interface Subject {
  readonly examples: Examples;
  /** Adapters included, where the configuration asks for them. */
  readonly model: Network;
  readonly base: BaseModel;
  /** Reads the values that the run begins from; what is new is drawn from its seed. `sha256`: of the weights' files. */
  load(): Promise<{ tensors: Map<string, TensorData>; sha256: string | null }>;
  /** Of a model that writes. */
  readonly writing?: Writing;
  /** Tensors that a saved model has no more or in another form: adapters, and the weights that they are merged into. */
  readonly merged: ReadonlySet<string>;
  /** What a person should know before it trains. */
  readonly warnings: readonly RunEventBody[];
  /** Writes the result into the run's folder: `model/` in the layout that the family's users expect, `adapter/` where there is one. */
  save(run: string, result: Result): Promise<void>;
}

export interface SubjectOptions extends Places, Preparing {
  /** The model is kept as it is, its classes too, whatever the data's are. */
  readonly asItIs?: boolean;
}
