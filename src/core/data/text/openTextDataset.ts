import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { type ColumnRole, type DataSummary, type Problem, type Split, splitNames, type TextTask } from '../../../protocol/data';
import { ThawError } from '../../../protocol/failure';
import { throwIfAborted } from '../concurrent';
import { checkCounts } from '../counts';
import { requireTrainingShare } from '../split';
import { withoutCopies } from './copies';
import { refuseNoTexts, tableOf } from './counts';
import { dealRows } from './deal';
import { exampleFrom } from './examples';
import { nearLabels, sortedLabels } from './labels';
import { plainColumn } from './plain';
import { columnsOf, type PlanOptions, planOf, type TextPlan } from './plan';
import { previewOf, type TextPreview } from './preview';
import { areMeasures, type Opened, Reader, tooManyLabels } from './reading';
import { only, type RowIndex, upTo } from './rowIndex';
import { findSources, type TextSources } from './sources';
import { TextStore } from './store';
import { openTable, openWhole, type Table } from './table';
import { Rows, textProblems } from './textProblems';
import type { TextDataset } from './types';

export interface OpenTextOptions extends PlanOptions {
  /** Share of the training examples taken for a role that the data lacks; 0 for none. Together below 1. */
  readonly validationSplit: number;
  readonly testSplit: number;
  /** Where texts beyond a few MB are written aside; the system's folder for temporary files when absent. */
  readonly cacheFolder?: string;
  /** Bytes of texts that stay in memory; 32 MB when absent. */
  readonly memoryBytes?: number;
  readonly signal?: AbortSignal;
  /** Called with the first rows as soon as they are read, whatever the size of the whole. */
  readonly onPreview?: (preview: TextPreview) => void;
  readonly onRows?: (rows: number) => void;
}

/**
 * Reads texts as a data set: finds the files, the task and the columns, goes through all rows once, leaves out what
 * cannot be used, and splits off the roles that are missing. Memory stays flat: texts go to a store (store.ts), of which
 * `close` removes what is on disk. The data itself is not written to.
 * @throws ThawError `data.missing` | `data.empty` | `data.oneClass` | `data.tooFew` | `data.unsupported` |
 *   `data.unreadable` | `config.invalid` | `io.permission` | `interrupted`
 */
export async function openTextDataset(root: string, options: OpenTextOptions): Promise<TextDataset> {
  requireTrainingShare(options);
  const absolute = resolve(root);
  const found = await findSources(absolute);
  const { files, plan, first } = await openFiles(found, options);
  if (options.onPreview) options.onPreview(await previewOf(plan, files));
  const store = new TextStore({ folder: options.cacheFolder, memoryBytes: options.memoryBytes });
  try {
    const reader = new Reader(plan, files, store);
    await reader.readAll(options.signal, options.onRows);
    throwIfAborted(options.signal);
    return assemble(absolute, { found, files, plan, first }, reader, store, options);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Task and columns of texts, from their first rows alone.
 * @throws ThawError `data.missing` | `data.empty` | `data.unsupported` | `data.unreadable` | `config.invalid`
 */
export async function planTexts(root: string, options: PlanOptions): Promise<TextPlan> {
  const { plan } = await openFiles(await findSources(resolve(root)), options);
  return plan;
}

interface Looked {
  readonly found: TextSources;
  readonly files: readonly Opened[];
  readonly plan: TextPlan;
  /** The first table to train on; what the others are like. */
  readonly first: Table;
}

/** Opens every file and makes the plan from the first that is to be trained on. */
async function openFiles({ sources, layout }: TextSources, options: PlanOptions): Promise<Omit<Looked, 'found'>> {
  const firstSource = sources.find(({ split }) => split === 'train') as TextSources['sources'][number];
  if (layout !== 'tables') {
    const files: Opened[] = [];
    for (const source of sources) files.push({ source, table: openWhole(source.path) });
    const task: TextTask = layout === 'classes' ? 'text-classification' : 'causal-lm';
    if (options.task && options.task !== task)
      throw new ThawError(
        'config.invalid',
        l10n.t('A folder of .txt files cannot be learned as {0}.', options.task),
        l10n.t('Write the examples as a table (CSV, TSV, JSONL or Parquet), or leave the task out.'),
        { misfit: { kind: 'folder', task: options.task } },
      );
    return { files, plan: { task, columns: { text: plainColumn } }, first: (files[0] as Opened).table };
  }
  const first = await openTable(firstSource.path);
  if (first.head.length === 0)
    throw new ThawError('data.empty', l10n.t('{0} has no row to learn from.', first.path), l10n.t('Choose another file.'), {
      path: first.path,
    });
  const plan = planOf(first, options);
  const files: Opened[] = [];
  for (const source of sources) {
    const table = source === firstSource ? first : await openTable(source.path, first);
    requireColumns(table, plan, first);
    files.push({ source, table });
  }
  return { files, plan, first };
}

function requireColumns(table: Table, { columns }: TextPlan, first: Table): void {
  if (table.head.length === 0) return; // JSON shows its columns in its rows
  const there = columnsOf(table);
  const optional: ColumnRole[] = ['input', 'split'];
  const lacking = (Object.entries(columns) as [ColumnRole, string][]).find(
    ([role, name]) => !optional.includes(role) && !there.includes(name) && !table.columns.includes(name),
  );
  if (!lacking) return;
  throw new ThawError(
    'data.unsupported',
    l10n.t('{0} has no column {1}, which {2} has.', table.path, lacking[1], first.path),
    l10n.t('All files of one data set have the same columns. Here: {0}.', there.join(', ')),
    { path: table.path },
  );
}

/** Everything that follows from the rows together. */
function assemble(root: string, looked: Looked, reader: Reader, store: TextStore, options: OpenTextOptions): TextDataset {
  const { found, files, plan } = looked;
  const { index } = reader;
  const path = (files[0] as Opened).source.path;
  if (index.length === 0)
    throw new ThawError('data.empty', l10n.t('{0} has no row to learn from.', root), emptyHint(reader), { path: root });
  const classes = renumber(reader);
  if (areMeasures(classes, index.length)) throw tooManyLabels(path, plan);
  if (plan.columns.label !== undefined || found.layout === 'classes') refuseOneClass(root, classes, plan);

  const where = (row: number) => reader.where(row);
  const bytesOf = (row: number) => store.bytesOf(row);
  const { left, problems: copies } = withoutCopies(index, plan.task, where, bytesOf);
  const rows = only(upTo(index.length), (row) => left[row] === 0);
  const given = new Set(splitNames.filter((_, i) => rows.some((row) => index.split(row) === i)));
  const shares = {
    validation: given.has('validation') ? 0 : options.validationSplit,
    test: given.has('test') ? 0 : options.testSplit,
  };
  const separator = separatorOf(looked);
  dealRows(index, rows, shares, separator !== null, bytesOf);
  const counts = tableOf(index, rows, classes.length);
  refuseNoTexts(root, classes, counts, rows.length);

  const wanted = new Set<Split>(given);
  if (options.validationSplit > 0) wanted.add('validation');
  if (options.testSplit > 0) wanted.add('test');
  const problems = [
    ...encodingProblems(files),
    ...reader.problems(),
    ...copies,
    ...labelProblems(classes, index, where),
    ...found.problems,
    ...checkCounts(classes, counts, wanted, textProblems),
  ];
  const summary: DataSummary = {
    root,
    task: plan.task,
    classes: classes.map((name, i) => ({ name, count: counts.reduce((sum, split) => sum + (split.classes[i] as number), 0) })),
    splits: {},
    problems,
    columns: columnsOf(looked.first).map((name) => ({ name, role: roleOf(plan, name) })),
    fingerprint: fingerprintOf(index, rows, where),
  };
  for (const [i, split] of splitNames.entries()) {
    const { count, classes: ofClass } = counts[i] as (typeof counts)[number];
    if (count > 0) summary.splits[split] = { count, classes: ofClass, origin: given.has(split) ? originOf(reader) : 'split' };
  }
  index.forgetContent();
  const example = (row: number, fields: readonly string[]) => exampleFrom(plan.task, fields, index.label(row));
  return {
    root,
    task: plan.task,
    columns: plan.columns,
    separator,
    classes,
    count: rows.length,
    summary,
    splitOf: (i) => splitNames[index.split(rows[i] as number)] as Split,
    labelOf: (i) => index.label(rows[i] as number),
    whereOf: (i) => where(rows[i] as number),
    members: (split) => only(upTo(rows.length), (i) => splitNames[index.split(rows[i] as number)] === split),
    read: async (i) => example(rows[i] as number, await store.read(rows[i] as number)),
    async *readAll() {
      let i = 0;
      for await (const { row, fields } of store.readAll()) if (row === rows[i]) yield { example: i++, content: example(row, fields) };
    },
    close: () => store.close(),
  };
}

const roleOf = ({ columns }: TextPlan, name: string): ColumnRole | null =>
  (Object.keys(columns) as ColumnRole[]).find((role) => columns[role] === name) ?? null;

const originOf = (reader: Reader) => (reader.splitsFromTable ? 'metadata' : 'folder');

function emptyHint(reader: Reader): string {
  const [problem] = reader.problems();
  return problem ? `${problem.message} ${problem.files.slice(0, 3).join(', ')}` : l10n.t('Choose another file.');
}

/** Neighbours of one plain text continue each other. */
function separatorOf({ first, found }: Looked): TextDataset['separator'] {
  if (first.format.kind !== 'plain' || found.layout !== 'tables') return null;
  return first.format.unit === 'line' ? '\n' : first.format.unit === 'paragraph' ? '\n\n' : null;
}

/** Puts the classes in order and gives every row the number of its own. */
function renumber({ index, labels }: Reader): string[] {
  const classes = sortedLabels([...labels.keys()]);
  const place = new Map(classes.map((name, i) => [name, i]));
  const number = Int32Array.from([...labels.keys()].map((name) => place.get(name) as number));
  for (let row = 0; row < index.length; row++) if (index.label(row) >= 0) index.setLabel(row, number[index.label(row)] as number);
  return classes;
}

function refuseOneClass(root: string, classes: readonly string[], { columns }: TextPlan): void {
  if (classes.length !== 1) return;
  throw new ThawError(
    'data.oneClass',
    l10n.t('{0} has texts of one class only: {1}.', root, classes[0] as string),
    columns.label === undefined
      ? l10n.t('A classifier needs two classes at least.')
      : l10n.t(
          'A classifier needs two classes at least. The labels were read from the column {0}: choose another (in the terminal with --label-column).',
          columns.label,
        ),
    { path: root, ...(columns.label !== undefined && { misfit: { kind: 'oneClass' as const } }) },
  );
}

function encodingProblems(files: readonly Opened[]): Problem[] {
  const others = files.filter(({ table }) => table.encoding === 'windows-1252').map(({ source }) => source.name);
  return others.length > 0 ? [textProblems.notUtf8(others)] : [];
}

function labelProblems(classes: readonly string[], index: RowIndex, where: (row: number) => string): Problem[] {
  const found: Problem[] = [];
  if (classes.length > 0 && classes.every((name) => /^-?[\d.]+$/.test(name))) found.push(textProblems.labelNumbers(classes));
  const totals = new Float64Array(classes.length);
  for (let row = 0; row < index.length; row++) if (index.label(row) >= 0) totals[index.label(row)]!++;
  for (const { rare, common } of nearLabels(classes.map((name, i) => ({ name, count: totals[i] as number })))) {
    const rows = new Rows();
    const label = classes.indexOf(rare);
    for (let row = 0; row < index.length; row++) if (index.label(row) === label) rows.add(() => where(row));
    found.push(textProblems.labelTypo(rare, common, rows));
  }
  return found;
}

/** Rows that are hashed together: a call for each takes longer than the hashing. */
const hashedTogether = 1024;

function fingerprintOf(index: RowIndex, rows: Uint32Array, where: (row: number) => string): string {
  const hash = createHash('sha256');
  const line = (row: number) => `${where(row)}\0${index.hash(row)}\0${index.label(row)}\0${index.split(row)}\n`;
  for (let from = 0; from < rows.length; from += hashedTogether)
    hash.update(Array.from(rows.subarray(from, from + hashedTogether), line).join(''));
  return hash.digest('hex');
}
