import { setImmediate as nextTurn } from 'node:timers/promises';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import type { Prepared } from '../../protocol/trainer';

export interface Preparing {
  /** Ends it. */
  readonly signal?: AbortSignal;
  readonly onPrepared?: (prepared: Prepared) => void;
}

/** Milliseconds between two turns: often enough that nobody waits for an answer. */
const pace = 50;

/** Lets messages in now and then during long work, and says how far it is. */
export class Turns {
  private last = performance.now();

  constructor(private readonly preparing: Preparing = {}) {}

  /** @throws ThawError `interrupted` where it is to end */
  async at(done: number, total: number | null): Promise<void> {
    if (performance.now() - this.last < pace) return;
    await nextTurn();
    this.throwIfEnded();
    this.preparing.onPrepared?.({ done, total });
    this.last = performance.now();
  }

  throwIfEnded(): void {
    if (this.preparing.signal?.aborted) throw new ThawError('interrupted', l10n.t('Stopped before it began.'), '');
  }
}
