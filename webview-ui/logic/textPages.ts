import type { RowFilter, TextRow } from '../../src/protocol/data';
import type { Failure } from '../../src/protocol/failure';
import type { FromPanel, ToPanel } from '../../src/protocol/panel';
import { Lru } from './lru';
import { Pulse } from './pulse';

type Asked = Extract<FromPanel, { type: 'rows' }>;
type Page = Extract<ToPanel, { type: 'rows' }>;

/** Rows of a page, and pages that are kept: some screens of each filter that was looked at. */
export const pageRows = 50;
const kept = 80;
/** While one scrolls fast, pages that pass by are not worth asking for: milliseconds of rest before asking. */
const rest = 40;

/** Texts page by page, asked of the host when something shows them, and forgotten when long unseen. */
export class TextPages {
  readonly pulse = new Pulse();
  private readonly pages = new Lru<string, readonly TextRow[]>(kept, () => {});
  private readonly totals = new Lru<string, number>(kept, () => {});
  private readonly failures = new Map<string, Failure>();
  private readonly wanted = new Map<string, { filter: RowFilter; first: number; end: number }>();
  private readonly asked = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ask: (question: Omit<Asked, 'type'>) => void) {}

  /** How many rows the filter lets through; undefined while that is not known. */
  total(filter: RowFilter): number | undefined {
    return this.totals.get(keyOf(filter));
  }

  row(filter: RowFilter, index: number): TextRow | undefined {
    return this.pages.get(pageKey(filter, Math.floor(index / pageRows)))?.[index % pageRows];
  }

  failure(filter: RowFilter): Failure | undefined {
    return this.failures.get(keyOf(filter));
  }

  /** `who` now shows these rows, and no longer those it named before. */
  want(who: string, filter: RowFilter, first: number, end: number): void {
    this.wanted.set(who, { filter, first, end });
    this.timer ??= setTimeout(() => this.askNow(), rest);
  }

  leave(who: string): void {
    this.wanted.delete(who);
  }

  receive({ filter, from, total, rows, failure }: Page): void {
    const key = keyOf(filter);
    this.asked.delete(pageKey(filter, from / pageRows));
    if (failure) this.failures.set(key, failure);
    else {
      this.failures.delete(key);
      this.totals.set(key, total);
      this.pages.set(pageKey(filter, from / pageRows), rows);
    }
    this.pulse.beat();
  }

  /** The data, or whose tokens are counted, is another: what is shown is asked for again. */
  clear(): void {
    this.pages.clear();
    this.totals.clear();
    this.failures.clear();
    this.asked.clear();
    this.timer ??= setTimeout(() => this.askNow(), rest);
    this.pulse.beat();
  }

  private askNow(): void {
    this.timer = undefined;
    for (const { filter, first, end } of this.wanted.values()) {
      if (this.failures.has(keyOf(filter))) continue;
      const last = Math.max(first, end - 1);
      for (let page = Math.floor(first / pageRows); page <= Math.floor(last / pageRows); page++) {
        const key = pageKey(filter, page);
        if (this.asked.has(key) || this.pages.has(key)) continue;
        this.asked.add(key);
        this.ask({ filter, from: page * pageRows, count: pageRows });
      }
    }
  }
}

const keyOf = (filter: RowFilter) => JSON.stringify(filter);
const pageKey = (filter: RowFilter, page: number) => `${page} ${keyOf(filter)}`;
