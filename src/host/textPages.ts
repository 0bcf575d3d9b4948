import type { RowFilter } from '../protocol/data';
import { asFailure } from '../protocol/failure';
import type { FromPanel, ToPanel } from '../protocol/panel';
import type { Asked, Assistant } from './assistantProcess';
import type { Reader } from './panelState';
import type { Disposable } from './signal';

type Data = Asked<'inspect'>;

/** Pages of texts and their tokens, as the view asks for them. */
export class TextPages implements Disposable {
  /** Of the last filter: a search that somebody has typed on in is given up. */
  private asking = { filter: '', controller: new AbortController() };

  constructor(
    private readonly assistant: Assistant,
    private readonly data: () => Data,
    /** Whose tokens are shown; null while none is chosen. */
    private readonly reader: () => Reader | null,
    private readonly deliver: (message: ToPanel) => void,
  ) {}

  async rows({ filter, from, count }: Extract<FromPanel, { type: 'rows' }>): Promise<void> {
    const signal = this.signalFor(filter);
    try {
      const { maxLength: _, ...reader } = this.reader() ?? {};
      const { total, rows } = await this.assistant.ask('rows', { ...this.data(), filter, from, count, ...reader }, { signal });
      if (!signal.aborted) this.deliver({ type: 'rows', filter, from, total, rows, failure: null });
    } catch (error) {
      if (!signal.aborted) this.deliver({ type: 'rows', filter, from, total: 0, rows: [], failure: asFailure(error) });
    }
  }

  async tokens({ where, texts, pair, chat }: Extract<FromPanel, { type: 'tokens' }>): Promise<void> {
    const reader = this.reader();
    const answer = reader && (await this.assistant.ask('tokens', { ...reader, texts, pair, ...(chat && { chat }) }).catch(asFailure));
    this.deliver({ type: 'tokens', where, answer });
  }

  dispose(): void {
    this.asking.controller.abort();
  }

  /** Rows that are asked for by name stand beside the table: they give up nothing, and are not given up. */
  private signalFor(filter: RowFilter): AbortSignal {
    if (filter.only) return new AbortController().signal;
    const key = JSON.stringify(filter);
    if (key !== this.asking.filter) {
      this.asking.controller.abort();
      this.asking = { filter: key, controller: new AbortController() };
    }
    return this.asking.controller.signal;
  }
}
