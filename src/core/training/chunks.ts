import { RandomStream } from '../random';

/** Examples that are computed together. Rounding depends on who shares a batch, so its composition is never left to chance. */
export interface Chunk {
  /** Indices in the data set; padded to the batch size with examples from the beginning. */
  readonly examples: readonly number[];
  /** How many of them count; the padding has weight 0. */
  readonly real: number;
}

/** An order of examples, cut into batches of one size. */
export function chunksOf(order: readonly number[], batchSize: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = 0; start < order.length; start += batchSize) {
    const real = Math.min(batchSize, order.length - start);
    const examples = Array.from({ length: batchSize }, (_, i) => order[(start + i) % order.length] as number);
    chunks.push({ examples, real });
  }
  return chunks;
}

/** The training examples in the order of an epoch (0 is the first). */
export function epochOrder(seed: number, epoch: number, examples: readonly number[]): number[] {
  return new RandomStream(seed, 'order', epoch).permutation(examples.length).map((i) => examples[i] as number);
}
