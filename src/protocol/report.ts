import * as z from 'zod';

export { wilson } from './interval';

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
