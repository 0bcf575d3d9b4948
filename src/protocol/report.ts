import * as z from 'zod';

export { wilson } from './interval';

export const classMetricsSchema = z.object({
  name: z.string(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  count: z.number().int(),
});
/** Metrics of a classifier over one split. `confusion[i][j]`: examples of class i that the model called j. */
export const classEvaluationSchema = z.object({
  accuracy: z.number(),
  loss: z.number(),
  macroF1: z.number(),
  /** Matthews' correlation of labels and predictions, −1 … 1; reports of before lack it. */
  matthews: z.number().optional(),
  perClass: z.array(classMetricsSchema),
  confusion: z.array(z.array(z.number().int())),
});
export type ClassEvaluation = z.infer<typeof classEvaluationSchema>;

/** Of a language model. `loss` in nats a token, `accuracy` the share of tokens that it would have told right. */
export const tokenEvaluationSchema = z.object({
  accuracy: z.number(),
  loss: z.number(),
  /** e^loss */
  perplexity: z.number(),
  tokens: z.number().int(),
  /** Of texts that it wrote for so many examples, each against the one that it should have written; all from 0 to 1. */
  written: z.object({ count: z.number().int(), exactMatch: z.number(), rougeL: z.number(), chrF: z.number() }).optional(),
});
export type TokenEvaluation = z.infer<typeof tokenEvaluationSchema>;

export const evaluationSchema = z.union([classEvaluationSchema, tokenEvaluationSchema]);
export type Evaluation = z.infer<typeof evaluationSchema>;

export function isOfClasses(evaluation: Evaluation): evaluation is ClassEvaluation {
  return 'confusion' in evaluation;
}

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
