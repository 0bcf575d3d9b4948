import * as l10n from '@vscode/l10n';
import { type AssistantMessage, type AssistantRequest, assistantRequestSchema } from '../protocol/assistant';
import { asFailure, ThawError } from '../protocol/failure';
import { handlers } from './handlers';
import { Pool } from './pool';
import type { Context } from './requests';

/** Inspecting and measuring a few things at a time; thumbnails have a lane of their own, so that a grid never waits for them. */
const general = new Pool(3);
const thumbnails = new Pool(2);
/** A download takes minutes, and nobody else should wait for it. */
const downloads = new Pool(2);

/**
 * Answers one window's requests (protocol/assistant.ts), each exactly once, whatever comes in.
 * @param send carries a message to the window
 */
export class Assistant {
  private readonly pending = new Map<number, AbortController>();

  constructor(private readonly send: (message: AssistantMessage) => void) {}

  async receive(message: unknown): Promise<void> {
    const request = assistantRequestSchema.safeParse(message);
    if (!request.success) {
      const given = (message as { id?: unknown } | null)?.id;
      const id = Number.isInteger(given) ? (given as number) : 0;
      const failure = asFailure(
        new ThawError(
          'usage',
          l10n.t('This is not a request that the assistant understands.'),
          l10n.t('Use the same version of Thaw on both sides.'),
          { detail: request.error.message },
        ),
      );
      this.send({ type: 'failed', id, failure });
    } else if (request.data.type === 'cancel') {
      this.pending.get(request.data.request)?.abort(cancelled());
      this.send({ type: 'done', id: request.data.id, value: null });
    } else await this.answer(request.data);
  }

  private async answer(request: Exclude<AssistantRequest, { type: 'cancel' }>): Promise<void> {
    const { id } = request;
    const controller = new AbortController();
    const { signal } = controller;
    this.pending.set(id, controller);
    const progress = (value: unknown) => {
      if (!signal.aborted) this.send({ type: 'progress', id, value });
    };
    try {
      const pool = request.type === 'thumbnails' || request.type === 'seen' ? thumbnails : request.type === 'pull' ? downloads : general;
      const value = await pool.run(() => {
        signal.throwIfAborted();
        // The table has a handler for each type; only the pairing is beyond the compiler.
        const handle = handlers[request.type] as (request: AssistantRequest, context: Context) => Promise<unknown>;
        return handle(request, { signal, progress });
      });
      signal.throwIfAborted();
      this.send({ type: 'done', id, value });
    } catch (error) {
      this.send({ type: 'failed', id, failure: asFailure(signal.aborted ? cancelled() : error) });
    } finally {
      this.pending.delete(id);
    }
  }
}

function cancelled(): ThawError {
  return new ThawError('interrupted', l10n.t('Cancelled.'), '');
}
