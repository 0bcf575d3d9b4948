import type { Network } from '../models/model';
import { type Module, type Scores, type Shape, tensorsOf } from '../nn';
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
/** In inference a layer holds its input and its output; scores, those before a softmax and after. */
const mapsHeld = 2;
const scoresHeld = 2;
/** For gradients a layer keeps its output, and some of what lies between (what an activation was given, a sum before a norm). */
const mapsKept = 1.3;
/** Scores whose gradient is computed: of each layer in its turn. */
const slopesHeld = 3;
/** The engine takes room for a run in ever larger pieces, and tensors never fill it: half as much again as they need. */
const roomEach = 1.5;
/** Elements of the largest tensor up to which each form keeps its room; of longer ones the longest counts, while it runs. */
const keepsRoom = 1 << 21;

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
  const { cut, trainableParameters } = selection;
  const largest = forms.at(-1) as Reads;
  const needed = forms.map((form) => neededBy(model.chain, form, cut, batchSize));
  const kept = needed.filter((one, i) => i === forms.length - 1 || one.largest <= keepsRoom);
  const weights = sum([...tensorsOf(model.root)].map(({ shape, statistic }) => (statistic ? 0 : sizeOf(shape))));
  const state = weightCopies * (weights + slotsEach * trainableParameters) + stateCopies * (1 + slotsEach) * trainableParameters;
  const given = batchesHeld * batchSize * sizeOf(largest.x.shape);
  const values = state + given + roomEach * sum(kept.map(({ values }) => values));
  return base + values * Float32Array.BYTES_PER_ELEMENT + forms.length * bytesOfForm(model, [selection]);
}

interface Needed {
  /** Elements that are held at the same time. */
  readonly values: number;
  /** Of the largest tensor. */
  readonly largest: number;
}

/** What batches of a form need: a few rows at a time in the frozen front, whole batches behind it. */
function neededBy(chain: readonly Module[], form: Reads, cut: number, batchSize: number): Needed {
  let shape = form.x.shape;
  let [held, kept, slopes, largest] = [0, 0, 0, 0];
  for (const [i, module] of chain.entries()) {
    const { maps, scores } = partsOf(module, shape);
    shape = module.outputShape(shape);
    const mostScores = Math.max(0, ...scores.map(sizeOfScores));
    if (i < cut) held = Math.max(held, mapsHeld * Math.max(...maps) + scoresHeld * mostScores);
    else {
      kept += mapsKept * sum(maps) + sum(scores.map((one) => (one.areDropped ? 2 : 1) * sizeOfScores(one)));
      slopes = Math.max(slopes, slopesHeld * mostScores);
      largest = Math.max(largest, mostScores, ...maps);
    }
  }
  return { values: frontRows(form, batchSize) * held + batchSize * (kept + slopes), largest: batchSize * largest };
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const sizeOfScores = ({ shape }: Scores) => sizeOf(shape);

interface Parts {
  /** Elements of what each layer gives for an example. */
  readonly maps: number[];
  readonly scores: Scores[];
}

/** What is computed in a module and in those below it. */
function partsOf(module: Module, input: Shape): Parts {
  const inputs = module.childInputs(input);
  const parts = module.children.map(([, child], i) => partsOf(child, inputs[i] as Shape));
  const scores = module.scores(input);
  return {
    maps: parts.length === 0 ? [sizeOf(module.outputShape(input))] : parts.flatMap(({ maps }) => maps),
    scores: [...(scores ? [scores] : []), ...parts.flatMap((part) => part.scores)],
  };
}
