import { z } from 'zod';

export const classMetricsSchema = z.object({
  name: z.string(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  count: z.number().int(),
});
/** Metrics over one split. `confusion[i][j]`: examples of class i that the model called j. */
export const evaluationSchema = z.object({
  accuracy: z.number(),
  loss: z.number(),
  macroF1: z.number(),
  perClass: z.array(classMetricsSchema),
  confusion: z.array(z.array(z.number().int())),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

/** `report.json`. Times in seconds, memory in bytes. */
export const reportSchema = z.object({
  test: evaluationSchema.nullable(),
  validation: evaluationSchema.nullable(),
  parameters: z.number().int(),
  trainableParameters: z.number().int(),
  best: z.object({ epoch: z.number().int(), step: z.number().int() }),
  timings: z.object({ total: z.number(), prepare: z.number(), train: z.number(), evaluate: z.number() }),
  peakMemoryBytes: z.number().int(),
  frozen: z.object({ count: z.number().int(), identical: z.boolean() }),
});
export type Report = z.infer<typeof reportSchema>;

/** One line of `predictions.ndjson`: what the best model said of one test (or, without a test set, validation) example. */
export const predictionSchema = z.object({
  path: z.string(),
  split: z.enum(['validation', 'test']),
  label: z.string(),
  predicted: z.string(),
  /** Of the predicted class. */
  probability: z.number(),
});
export type Prediction = z.infer<typeof predictionSchema>;

/** What the model says of one input: `thaw predict` and Try it. Probabilities are in the order of the classes. */
export const answerSchema = z.object({ input: z.string(), label: z.string(), probabilities: z.record(z.string(), z.number()) });
export type Answer = z.infer<typeof answerSchema>;

/**
 * Wilson score interval of a proportion at 95 % (Wilson 1927).
 * @returns `[low, high]`, `[0, 1]` for no trials.
 */
export function wilson(right: number, of: number): [number, number] {
  if (of === 0) return [0, 1];
  const z2 = 1.959964 ** 2;
  const p = right / of;
  const centre = (p + z2 / (2 * of)) / (1 + z2 / of);
  const half = (1.959964 / (1 + z2 / of)) * Math.sqrt((p * (1 - p)) / of + z2 / (4 * of * of));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
