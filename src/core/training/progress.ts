import * as z from 'zod';

/** Where a run stands: state.json of a checkpoint, from which it goes on as if nothing had happened. */
export const progressSchema = z.object({
  /** Number of the last event that was said when it stood here; later ones are taken back on a resume. */
  seq: z.int(),
  /** Steps done. */
  step: z.int(),
  /** Epochs done; the index of the one under way. */
  epoch: z.int(),
  /** Batches done of the epoch under way. All of them: only its validation is to come. */
  batch: z.int(),
  /** Of the epoch under way: Σ loss × weight, Σ weight, examples called right, examples (of a text, windows as parts of it), seconds. */
  sums: z.object({ loss: z.number(), weight: z.number(), right: z.number(), count: z.number(), seconds: z.number() }),
  /** Index of the phase under way; −1 before the first. */
  phase: z.int(),
  /** In force: the phase's, or what a person made of them. */
  rules: z.array(z.string()),
  /** The step after which they came into force: what they freeze has its present values since then. */
  rulesSince: z.int(),
  best: z.object({ epoch: z.int(), step: z.int(), loss: z.number().nullable() }).nullable(),
  /** Updates that each parameter has had. */
  ages: z.record(z.string(), z.int()),
  /** Parameters and statistics that have ever been free to change in this run. */
  touched: z.array(z.string()),
  /** SHA-256 of every tensor as the run began: what frozen ones must still be at its end. */
  origin: z.record(z.string(), z.string()),
  timings: z.object({ total: z.number(), prepare: z.number(), train: z.number(), evaluate: z.number() }),
});
export type Progress = z.infer<typeof progressSchema>;

export const noSums: Progress['sums'] = { loss: 0, weight: 0, right: 0, count: 0, seconds: 0 };

export function firstProgress(origin: Progress['origin']): Progress {
  return {
    seq: 0,
    step: 0,
    epoch: 0,
    batch: 0,
    sums: { ...noSums },
    phase: -1,
    rules: [],
    rulesSince: 0,
    best: null,
    ages: {},
    touched: [],
    origin,
    timings: { total: 0, prepare: 0, train: 0, evaluate: 0 },
  };
}
