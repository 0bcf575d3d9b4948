import { lengthsOf, openTextDataset, type TextDataset } from '../core/data/text';
import type { TextsRead } from '../core/training';
import type { InspectAnswer, RowsAnswer } from '../protocol/assistant';
import type { DataSummary, Problem, RowFilter, TextRow } from '../protocol/data';
import type { Context, RequestOf } from './requests';
import { choose, fieldsOf, rowOf, summaryOf } from './textRows';
import { tokenCounter, tokenizerOf } from './tokens';

/** What is asked of texts, and what somebody has said of them. */
export type TextData = Omit<RequestOf<'inspect'>, 'id' | 'type'>;
type Lengths = Pick<RequestOf<'lengths'>, 'model' | 'maxLength' | 'longTexts' | 'prefix'>;
type Page = Pick<RequestOf<'rows'>, 'filter' | 'from' | 'count' | 'model' | 'prefix'>;

/** Data sets that stay open: one for each of the tabs that people look at in turn. */
const mostOpen = 2;
/** Choices of rows that are remembered of each. */
const mostChoices = 4;
/** Rows that go along with the summary, so that the table need not ask for what it shows first. */
const firstRows = 100;
/** Texts whose tokens are counted to tell which are cut: some seconds' work. */
const mostCounted = 100_000;
/** Milliseconds between two counts of rows. */
const pace = 200;

interface Open {
  readonly dataset: Promise<TextDataset>;
  /** By filter: the examples that it lets through. */
  readonly choices: Map<string, Promise<Uint32Array>>;
  /** Requests that read from it now: it is closed after them. */
  readers: number;
  dropped: boolean;
}

/** Texts that a window looks at stay open, so that it can page through them. */
export class TextRoom {
  private readonly open = new Map<string, Open>();

  async inspect(data: TextData, { signal, progress }: Context): Promise<InspectAnswer> {
    let summary: DataSummary | undefined;
    let last = Number.NEGATIVE_INFINITY;
    const opened = this.begin(data, {
      signal,
      onPreview: (preview) => {
        summary = summaryOf(data.path, preview);
        const rows = preview.rows.map(({ where, split, label, fields }) => rowOf(where, split, label, fields));
        progress({ summary, rows, read: rows.length } satisfies InspectAnswer);
      },
      onRows: (read) => {
        if (!summary || performance.now() - last < pace) return;
        last = performance.now();
        progress({ summary, read } satisfies InspectAnswer);
      },
    });
    return this.reading(opened, async (dataset) => {
      const first = Array.from({ length: Math.min(firstRows, dataset.count) }, (_, i) => i);
      return { summary: dataset.summary, rows: await readAll(dataset, first) };
    });
  }

  async rows(data: TextData, { model, prefix, ...page }: Page, signal: AbortSignal): Promise<RowsAnswer> {
    const opened = this.open.get(keyOf(data)) ?? this.begin(data, { signal });
    return this.reading(opened, async (dataset) => {
      const count = model === undefined ? null : await tokenCounter(model, prefix).catch(() => null); // its tokenizer may not be here yet
      const chosen = isAll(page.filter) ? null : await this.chosen(opened, dataset, page.filter, signal);
      const total = chosen?.length ?? dataset.count;
      const places = Array.from({ length: Math.max(0, Math.min(page.count, total - page.from)) }, (_, i) => page.from + i);
      const examples = chosen ? places.map((place) => chosen[place] as number) : places;
      return { total, rows: await readAll(dataset, examples, count) };
    });
  }

  /** @throws what `signal` was aborted with; ThawError where the model's tokenizer is not here */
  async lengths(data: TextData, { model, maxLength, longTexts, prefix }: Lengths, signal: AbortSignal): Promise<Problem[]> {
    const tokenizer = await tokenizerOf(model);
    const limit = maxLength ?? tokenizer.maxLength;
    if (limit === null) return [];
    const opened = this.open.get(keyOf(data)) ?? this.begin(data, { signal });
    return this.reading(opened, async (dataset) =>
      dataset.count > mostCounted ? [] : (await lengthsOf(dataset, tokenizer, { maxLength: limit, longTexts, prefix, signal })).problems,
    );
  }

  /** Work on texts and what makes a model's tokens of them; without both where either cannot be opened. */
  async withTexts<T>(data: TextData, model: string, work: (texts?: TextsRead) => Promise<T>): Promise<T> {
    const opened = this.open.get(keyOf(data)) ?? this.begin(data, {});
    opened.readers++;
    try {
      const [dataset, tokenizer] = await Promise.all([opened.dataset, tokenizerOf(model)]).catch(() => []);
      return await work(dataset && tokenizer && { dataset, tokenizer });
    } finally {
      this.leave(opened);
    }
  }

  private begin(data: TextData, options: Pick<Parameters<typeof openTextDataset>[1], 'signal' | 'onPreview' | 'onRows'>): Open {
    const { path, ...rest } = data;
    const key = keyOf(data);
    this.drop(key);
    while (this.open.size >= mostOpen) this.drop(this.open.keys().next().value as string);
    const opened: Open = { dataset: openTextDataset(path, { ...rest, ...options }), choices: new Map(), readers: 0, dropped: false };
    this.open.set(key, opened);
    opened.dataset.catch(() => {
      if (this.open.get(key) === opened) this.open.delete(key);
    });
    return opened;
  }

  private drop(key: string): void {
    const opened = this.open.get(key);
    if (!opened) return;
    this.open.delete(key);
    opened.dropped = true;
    if (opened.readers === 0) void close(opened);
  }

  private async reading<T>(opened: Open, work: (dataset: TextDataset) => Promise<T>): Promise<T> {
    opened.readers++;
    try {
      return await work(await opened.dataset);
    } finally {
      this.leave(opened);
    }
  }

  private leave(opened: Open): void {
    if (--opened.readers === 0 && opened.dropped) void close(opened);
  }

  private chosen({ choices }: Open, dataset: TextDataset, filter: RowFilter, signal: AbortSignal): Promise<Uint32Array> {
    const key = JSON.stringify(filter);
    const known = choices.get(key);
    if (known) return known;
    const found = choose(dataset, filter, signal);
    choices.set(key, found);
    found.catch(() => choices.delete(key));
    for (const first of choices.keys()) if (choices.size > mostChoices) choices.delete(first);
    return found;
  }
}

async function close({ dataset }: Open): Promise<void> {
  await dataset.then((texts) => texts.close()).catch(() => undefined);
}

const keyOf = ({ path, task, columns, validationSplit, testSplit }: TextData) =>
  JSON.stringify([path, task ?? null, Object.entries(columns ?? {}).sort(), validationSplit, testSplit]);

const isAll = ({ split, klass, search, only }: RowFilter) => split === 'all' && klass === null && search === '' && only === null;

/** @param count of tokens, as far as they are asked for */
async function readAll(
  dataset: TextDataset,
  examples: readonly number[],
  count: Awaited<ReturnType<typeof tokenCounter>> | null = null,
): Promise<TextRow[]> {
  const rows: TextRow[] = [];
  for (const example of examples) {
    const content = await dataset.read(example);
    const fields = fieldsOf(content);
    const label = dataset.classes[dataset.labelOf(example)] ?? null;
    const row = rowOf(dataset.whereOf(example), dataset.splitOf(example), label, fields);
    const characters = fields.reduce((sum, field) => sum + field.length, 0);
    rows.push({ ...row, tokens: count?.(content, characters) ?? null });
  }
  return rows;
}
