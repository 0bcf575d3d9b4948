import type { TextDataset, TextExample, TextPreview } from '../core/data/text';
import { type ColumnRole, columnRoles, type DataSummary, type RowFilter, type TextRow } from '../protocol/data';

/** Characters of a text that a table is given; the file has the rest. */
const shownCharacters = 10_000;
/** Examples between two looks at whether the search is still wanted. */
const patience = 4096;

/** A row as the table shows it. */
export function rowOf(where: string, split: TextRow['split'], label: string | null, fields: readonly string[]): TextRow {
  const cut = fields.some((field) => field.length > shownCharacters);
  return { where, split, label, fields: fields.map((field) => beginning(field)), cut, tokens: null };
}

/** The beginning of a text that ends with a whole character. */
function beginning(text: string): string {
  if (text.length <= shownCharacters) return text;
  const code = text.charCodeAt(shownCharacters - 1);
  return text.slice(0, code >= 0xd800 && code <= 0xdbff ? shownCharacters - 1 : shownCharacters);
}

/** The texts of an example in the order of its task; of a chat, roles and contents in turn. */
export function fieldsOf(example: TextExample): string[] {
  switch (example.task) {
    case 'text-classification':
    case 'causal-lm':
      return [example.text];
    case 'text-pair-classification':
      return [example.text, example.secondText];
    case 'text-to-text':
      return [example.source, example.target];
    case 'chat':
      return example.messages.flatMap(({ role, content }) => [role, content]);
  }
}

/** What is known of the data from its first rows. */
export function summaryOf(root: string, { task, columns, names, rows }: TextPreview): DataSummary {
  const counts = new Map<string, number>();
  for (const { label } of rows) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  const classes = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => ({ name, count }));
  const roleOf = (name: string): ColumnRole | null => columnRoles.find((role) => columns[role] === name) ?? null;
  return {
    root,
    task,
    classes,
    splits: {},
    problems: [],
    columns: names.map((name) => ({ name, role: roleOf(name) })),
    fingerprint: '',
  };
}

/**
 * The examples that a filter lets through; by name in the order of the names, else ascending.
 * @throws what `signal` was aborted with
 */
export async function choose(dataset: TextDataset, { split, klass, search, only }: RowFilter, signal: AbortSignal): Promise<Uint32Array> {
  const label = klass === null ? null : dataset.classes.indexOf(klass);
  const isWanted = (i: number) => (split === 'all' || dataset.splitOf(i) === split) && (label === null || dataset.labelOf(i) === label);
  if (only) {
    const places = new Map(only.map((where, place) => [where, place]));
    const found: { example: number; place: number }[] = [];
    for (let i = 0; i < dataset.count && found.length < only.length; i++) {
      const place = places.get(dataset.whereOf(i));
      if (place !== undefined && isWanted(i)) found.push({ example: i, place });
    }
    return Uint32Array.from(
      found.sort((a, b) => a.place - b.place),
      ({ example }) => example,
    );
  }
  const chosen: number[] = [];
  if (search === '') {
    for (let i = 0; i < dataset.count; i++) if (isWanted(i)) chosen.push(i);
    return Uint32Array.from(chosen);
  }
  const sought = search.toLowerCase();
  for await (const { example, content } of dataset.readAll()) {
    if (example % patience === 0) await breath(signal);
    if (isWanted(example) && fieldsOf(content).some((field) => field.toLowerCase().includes(sought))) chosen.push(example);
  }
  return Uint32Array.from(chosen);
}

/** Lets other requests have their turn, a cancel among them. */
async function breath(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}
