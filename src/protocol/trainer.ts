import * as z from 'zod';
import { runEventSchema } from './events';
import { failureSchema } from './failure';

/**
 * What is said over the local socket of a running child: one JSON object a line, in both directions.
 * Any number of windows may be connected; all hear every event.
 */
export const trainerRequestSchema = z.discriminatedUnion('type', [
  /** Replays all events from `from` (1: the beginning), then every new one. */
  z.object({ id: z.int(), type: z.literal('follow'), from: z.int().min(1) }),
  z.object({ id: z.int(), type: z.literal('pause') }),
  z.object({ id: z.int(), type: z.literal('continue') }),
  z.object({ id: z.int(), type: z.literal('stop') }),
  /** New rules from the next step on. */
  z.object({ id: z.int(), type: z.literal('freeze'), rules: z.array(z.string()) }),
]);
export type TrainerRequest = z.infer<typeof trainerRequestSchema>;

export const trainerMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('event'), event: runEventSchema }),
  z.object({ type: z.literal('reply'), id: z.int(), failure: failureSchema.nullable() }),
]);
export type TrainerMessage = z.infer<typeof trainerMessageSchema>;

/** How far the examples of a run are read and cut into tokens, before it begins. `total`: null until it is known. */
export const preparedSchema = z.object({ done: z.int().min(0), total: z.int().min(0).nullable() });
export type Prepared = z.infer<typeof preparedSchema>;

/** The lines on stdout by which whoever spawned a run's process learns how it begins; the last is `ready` or `failure`. */
export const launchLineSchema = z.union([
  z.object({ prepared: preparedSchema }),
  z.object({ ready: z.object({ folder: z.string(), address: z.string() }) }),
  z.object({ failure: failureSchema }),
]);
export type LaunchLine = z.infer<typeof launchLineSchema>;

/**
 * `process.json` in the run folder while a process works on it: where it listens and who it is.
 * `started` guards against a pid that was given to another process.
 */
export const runProcessSchema = z.object({ pid: z.int(), address: z.string(), started: z.number(), host: z.string() });
export type RunProcess = z.infer<typeof runProcessSchema>;
