import * as z from 'zod';
import { dataSummarySchema, problemSchema } from './data';
import { failureSchema } from './failure';
import { reportSchema } from './report';
import { runConfigSchema } from './runConfig';

/** `seq` counts from 1 without gaps; `time` is milliseconds since 1970. */
const base = { seq: z.int().min(1), time: z.number() };
const metrics = z.object({ loss: z.number(), accuracy: z.number() });

export const sampleSchema = z.object({
  prompt: z.string(),
  written: z.string(),
  /** What it should have written; null where anything may follow. */
  expected: z.string().nullable(),
});
export type Sample = z.infer<typeof sampleSchema>;

/** What a run says, one object a line of `events.ndjson`; the panel replays them, then follows. */
export const runEventSchema = z.discriminatedUnion('type', [
  z.object({ ...base, type: z.literal('started'), run: z.string(), config: runConfigSchema }),
  /** The run goes on from a checkpoint, after a pause or a crash. */
  z.object({ ...base, type: z.literal('resumed'), step: z.int(), epoch: z.int() }),
  z.object({
    ...base,
    type: z.literal('data'),
    classes: dataSummarySchema.shape.classes,
    splits: dataSummarySchema.shape.splits,
    problems: z.array(problemSchema),
  }),
  z.object({ ...base, type: z.literal('model'), id: z.string(), parameters: z.int(), trainableParameters: z.int() }),
  /** The feature cache fills: `total` examples and views. */
  z.object({ ...base, type: z.literal('prepare'), done: z.int(), total: z.int() }),
  /** `trainable`: the rules in force. */
  z.object({ ...base, type: z.literal('phase'), index: z.int(), trainable: z.array(z.string()) }),
  z.object({
    ...base,
    type: z.literal('step'),
    /** 1 is the first. */
    step: z.int(),
    /** 1 is the first; `totalSteps` counts all planned epochs. */
    epoch: z.int(),
    totalSteps: z.int(),
    loss: z.number(),
    accuracy: z.number(),
    learningRate: z.number(),
    examplesPerSecond: z.number(),
    memoryBytes: z.number(),
  }),
  z.object({
    ...base,
    type: z.literal('epoch'),
    epoch: z.int(),
    step: z.int(),
    seconds: z.number(),
    train: metrics,
    validation: metrics.nullable(),
  }),
  /** What a language model writes as it stands after an epoch. */
  z.object({ ...base, type: z.literal('samples'), epoch: z.int(), samples: z.array(sampleSchema) }),
  z.object({ ...base, type: z.literal('freeze'), trainable: z.array(z.string()), step: z.int() }),
  z.object({ ...base, type: z.literal('checkpoint'), step: z.int(), path: z.string(), best: z.boolean() }),
  z.object({ ...base, type: z.literal('warning'), code: z.string(), message: z.string() }),
  z.object({ ...base, type: z.literal('paused'), step: z.int(), reason: z.enum(['asked', 'idle']) }),
  z.object({ ...base, type: z.literal('continued'), step: z.int() }),
  z.object({ ...base, type: z.literal('finished'), run: z.string(), report: reportSchema }),
  z.object({ ...base, type: z.literal('stopped'), step: z.int() }),
  z.object({ ...base, type: z.literal('failed'), error: failureSchema }),
]);
export type RunEvent = z.infer<typeof runEventSchema>;
/** An event before the run folder numbers and dates it. */
export type RunEventBody = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'seq' | 'time'> : never) : never;
export type RunEventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** The state that a list of events amounts to. `crashed`: it neither ended nor is a process there (the caller knows). */
export type RunState = 'preparing' | 'training' | 'paused' | 'finished' | 'stopped' | 'failed';

export function stateAfter(state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'started':
    case 'resumed':
      return 'preparing';
    case 'step':
    case 'continued':
      return 'training';
    case 'paused':
      return 'paused';
    case 'finished':
      return 'finished';
    case 'stopped':
      return 'stopped';
    case 'failed':
      return 'failed';
    case 'data':
    case 'model':
    case 'prepare':
    case 'phase':
    case 'epoch':
    case 'samples':
    case 'freeze':
    case 'checkpoint':
    case 'warning':
      return state;
  }
}
