import type { RunConfig } from '../../protocol/runConfig';
import type { Chunk } from './chunks';

/** The weight of each class in the loss: 1, or `balanced` N / (K nᵢ) as scikit-learn has it; 0 for a class without examples. */
export function classWeightsOf(labels: readonly number[], classes: number, kind: RunConfig['classWeights']): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of labels) counts[label]! += 1;
  if (kind === 'none') return counts.map(() => 1);
  return counts.map((count) => (count === 0 ? 0 : labels.length / (classes * count)));
}

/**
 * Weights of a batch's examples, of sum 1: what pads the batch or cannot be read has 0.
 * @returns also the sum before; 0 where nothing in the batch counts, and then all weights are 0.
 */
export function weightsOf(
  { examples, real }: Chunk,
  labelOf: (example: number) => number,
  unreadable: ReadonlySet<number>,
  classWeights: readonly number[],
): { weights: Float32Array; sum: number } {
  const raw = examples.map((example, i) => (i < real && !unreadable.has(example) ? (classWeights[labelOf(example)] as number) : 0));
  const sum = raw.reduce((a, b) => a + b, 0);
  return { weights: Float32Array.from(raw, (weight) => (sum === 0 ? 0 : weight / sum)), sum };
}
