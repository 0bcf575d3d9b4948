import type { Network } from '../models/model';
import type { Module, Scores, Shape } from '../nn';
import { bytesOfForm } from './examples/formCost';
import { type Reads, sizeOf } from './reads';
import type { Selection } from './selection';
import { frontRows } from './stage';

/** What Node, the decoder and the engine take before any model, bytes. */
const base = 200 * 2 ** 20;
/** The tensors as they were read, and as a checkpoint is written. */
const weightCopies = 2;
/** Of what learns: a step reads one and writes the other. */
const stateCopies = 2;
/** Batches under way: two read ahead, one computed. */
const batchesHeld = 3;
/** A layer in inference holds its input and its output. */
const mapsHeld = 2;
/** A layer that learns keeps its output for the gradient, and the gradient and its parts come to about twice that. */
const mapsKept = 3;
/** Scores that are computed from each other at one time: in a layer in inference, and in its gradient. */
const scoresHeld = 2;
const slopesHeld = 4;

export interface MemorySpec {
  readonly model: Network;
  /** The shapes that batches may have, the largest last. */
  readonly forms: readonly Reads[];
  readonly selection: Selection;
  /** Values that the optimizer keeps beside each parameter that learns. */
  readonly slotsEach: number;
  readonly batchSize: number;
}

/** Bytes that training takes by the counts of the model, features that are kept apart. */
export function memoryOf({ model, forms, selection, slotsEach, batchSize }: MemorySpec): number {
  const largest = forms.at(-1) as Reads;
  const { cut, trainableParameters } = selection;
  let shape = largest.x.shape;
  let weights = 0;
  let held = 0;
  let kept = 0;
  let slopes = 0;
  for (const [i, module] of model.chain.entries()) {
    const { parameters, maps, scores } = partsOf(module, shape);
    shape = module.outputShape(shape);
    weights += parameters;
    if (i < cut) held = Math.max(held, mapsHeld * Math.max(...maps) + scoresHeld * Math.max(0, ...scores.map(sizeOfScores)));
    else {
      kept += mapsKept * sum(maps) + sum(scores.map((one) => (one.areDropped ? 2 : 1) * sizeOfScores(one)));
      slopes = Math.max(slopes, ...scores.map((one) => slopesHeld * sizeOfScores(one)));
    }
  }
  const state = weightCopies * weights + (weightCopies + stateCopies) * slotsEach * trainableParameters + stateCopies * trainableParameters;
  const given = batchesHeld * batchSize * sizeOf(largest.x.shape);
  const values = state + given + frontRows(largest, batchSize) * held + batchSize * (kept + slopes);
  return base + values * Float32Array.BYTES_PER_ELEMENT + forms.length * bytesOfForm(model, [selection]);
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const sizeOfScores = ({ shape }: Scores) => sizeOf(shape);

interface Parts {
  readonly parameters: number;
  /** Elements of what each layer gives for an example. */
  readonly maps: number[];
  readonly scores: Scores[];
}

/** What there is in a module and in those below it. */
function partsOf(module: Module, input: Shape): Parts {
  const inputs = module.childInputs(input);
  const parts = module.children.map(([, child], i) => partsOf(child, inputs[i] as Shape));
  const own = sum(module.tensors.map(({ shape, statistic }) => (statistic ? 0 : sizeOf(shape))));
  const scores = module.scores(input);
  return {
    parameters: own + sum(parts.map(({ parameters }) => parameters)),
    maps: parts.length === 0 ? [sizeOf(module.outputShape(input))] : parts.flatMap(({ maps }) => maps),
    scores: [...(scores ? [scores] : []), ...parts.flatMap((part) => part.scores)],
  };
}
