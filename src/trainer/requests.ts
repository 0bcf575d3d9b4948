import type { AssistantRequest } from '../protocol/assistant';

export type RequestOf<K extends AssistantRequest['type']> = Extract<AssistantRequest, { type: K }>;

/** What goes beside a request while it is answered. */
export interface Context {
  readonly signal: AbortSignal;
  progress(value: unknown): void;
}
