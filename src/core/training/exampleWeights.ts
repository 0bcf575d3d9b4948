import type { RunConfig } from '../../protocol/runConfig';
import type { Chunk } from './chunks';
import type { Company } from './examples/examples';

/** The weight of each class in the loss: 1, or `balanced` N / (K nᵢ) as scikit-learn has it; 0 for a class without examples. */
export function classWeightsOf(labels: ArrayLike<number> & Iterable<number>, classes: number, kind: RunConfig['classWeights']): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of labels) counts[label]! += 1;
  if (kind === 'none') return counts.map(() => 1);
  return counts.map((count) => (count === 0 ? 0 : labels.length / (classes * count)));
}

/**
 * Weights of what a batch is to answer: what pads the batch, fills a text up or cannot be read has 0.
 * @param classWeights by class; null where tokens are what is to be told
 * @param usualShare where examples are windows: what there is of a text in one of them, in the mean
 * @returns [B, …] as the labels, and their sum. `divisor`: what the loss of the batch is divided by, their sum; of windows what
 *   it would usually be, as else the windows of long texts, which fill batches of their own, would count for more than others
 */
export function weightsOf(
  { examples, real }: Chunk,
  { labels, counts }: Pick<Company, 'labels' | 'counts'>,
  unreadable: ReadonlySet<number>,
  classWeights: readonly number[] | null,
  usualShare: number | null = null,
): { weights: Float32Array; sum: number; divisor: number } {
  const each = labels.length / examples.length;
  const weightOf = (count: number, i: number) => {
    const position = Math.floor(i / each);
    if (position >= real || unreadable.has(examples[position] as number)) return 0;
    return count * (classWeights === null ? 1 : (classWeights[labels[i] as number] as number));
  };
  const total = (weights: Float32Array) => weights.reduce((a, b) => a + b, 0);
  const weights = counts.map(weightOf);
  const sum = total(weights);
  return { weights, sum, divisor: usualShare === null ? sum : total(counts.map((_, i) => weightOf(usualShare, i))) };
}
