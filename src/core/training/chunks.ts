import { RandomStream } from '../random';

/** Examples that are computed together. Rounding depends on who shares a batch, so its composition is never left to chance. */
export interface Chunk {
  /** Indices in the data set; padded to the batch size with examples of the same form from the beginning. */
  readonly examples: readonly number[];
  /** How many of them count; the padding has weight 0. */
  readonly real: number;
  /** Which of the shapes that the run's steps are compiled for (see Examples.forms). */
  readonly form: number;
}

/**
 * An order of examples, cut into batches of one size and one form each: a batch stands where its last example does, those
 * that are not full at the end.
 */
export function chunksOf(order: readonly number[], batchSize: number, formOf: (example: number) => number = () => 0): Chunk[] {
  const chunks: Chunk[] = [];
  const ofForm = new Map<number, number[]>();
  const close = (form: number, all: readonly number[], start: number) => {
    const examples = Array.from({ length: batchSize }, (_, i) => all[(start + i) % all.length] as number);
    chunks.push({ examples, real: Math.min(batchSize, all.length - start), form });
  };
  for (const example of order) {
    const form = formOf(example);
    const all = ofForm.get(form) ?? [];
    ofForm.set(form, all);
    all.push(example);
    if (all.length % batchSize === 0) close(form, all, all.length - batchSize);
  }
  for (const [form, all] of [...ofForm].sort(([a], [b]) => a - b)) {
    const left = all.length % batchSize;
    if (left > 0) close(form, all, all.length - left);
  }
  return chunks;
}

/** The training examples in the order of an epoch (0 is the first). */
export function epochOrder(seed: number, epoch: number, examples: readonly number[]): number[] {
  return new RandomStream(seed, 'order', epoch).permutation(examples.length).map((i) => examples[i] as number);
}
