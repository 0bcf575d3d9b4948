import * as z from 'zod';
import { failureSchema } from './failure';

/** What the process that installs an engine says to the window that forked it; it gives up when that window goes. */
export const setupMessageSchema = z.discriminatedUnion('type', [
  /** What it does now, for people. */
  z.object({ type: z.literal('stage'), text: z.string() }),
  /** A line of what npm and others print. */
  z.object({ type: z.literal('log'), line: z.string() }),
  z.object({ type: z.literal('done') }),
  z.object({ type: z.literal('failed'), failure: failureSchema }),
]);
export type SetupMessage = z.infer<typeof setupMessageSchema>;
