import * as l10n from '@vscode/l10n';
import { type Problem, splitNames } from '../../../protocol/data';
import { ThawError } from '../../../protocol/failure';
import { throwIfAborted } from '../concurrent';
import { splitNamed } from '../discover';
import { cellAt, cellText, readRow } from './examples';
import type { TextPlan } from './plan';
import { RowIndex } from './rowIndex';
import type { TextSource } from './sources';
import type { TextStore } from './store';
import type { Table } from './table';
import { Rows, textProblems } from './textProblems';
import type { Row } from './types';

/** With more different labels than this, a column is no label. */
const mostClasses = 10_000;
/** A control character but tab and line ends, half a surrogate pair, or what stands for bytes that were none. */
const odd = /[^\P{Cc}\t\n\r\f]|\p{Cs}|\ufffd/u;

/** A file and how it is read. */
export interface Opened {
  readonly source: TextSource;
  readonly table: Table;
}

/** Goes through all rows once: keeps texts in the store, what is needed of each in the index, and what is amiss. */
export class Reader {
  readonly index = new RowIndex();
  /** In the order in which they came; the index has positions in it until `renumber`. */
  readonly labels = new Map<string, number>();
  splitsFromTable = false;
  private readonly empty = new Rows();
  private readonly unlabelled = new Rows();
  private readonly ragged = new Rows();
  private readonly unknownSplit = new Rows();
  private readonly control = new Rows();
  private readonly spaced = new Rows();

  constructor(
    private readonly plan: TextPlan,
    private readonly files: readonly Opened[],
    private readonly store: TextStore,
  ) {}

  /** @param onRows is told how many rows have been read, now and then */
  async readAll(signal: AbortSignal | undefined, onRows: ((rows: number) => void) | undefined): Promise<void> {
    let rows = 0;
    for (const [number, { source, table }] of this.files.entries()) {
      const ragged = (line: number) => this.ragged.add(() => `${source.name}:${line}`);
      for await (const batch of table.rows(ragged)) {
        throwIfAborted(signal);
        for (const row of batch) await this.take(row, source, number);
        rows += batch.length;
        onRows?.(rows);
      }
    }
  }

  where(row: number): string {
    const { source } = this.files[this.index.source(row)] as Opened;
    return source.label === undefined ? `${source.name}:${this.index.line(row)}` : source.name;
  }

  problems(): Problem[] {
    const found: Problem[] = [];
    if (this.ragged.count > 0) found.push(textProblems.ragged(this.ragged));
    if (this.empty.count > 0) found.push(textProblems.empty(this.empty));
    if (this.unlabelled.count > 0) found.push(textProblems.unlabelled(this.unlabelled));
    if (this.unknownSplit.count > 0) found.push(textProblems.unknownSplit(this.unknownSplit));
    if (this.spaced.count > 0) found.push(textProblems.labelSpaces(this.spaced));
    if (this.control.count > 0) found.push(textProblems.control(this.control));
    return found;
  }

  private async take(row: Row, source: TextSource, number: number): Promise<void> {
    const where = () => (source.label === undefined ? `${source.name}:${row.line}` : source.name);
    const reading = readRow(row, this.plan.task, this.plan.columns, source.label);
    if (reading.kind === 'empty') return this.empty.add(where);
    if (reading.kind === 'unlabelled') return this.unlabelled.add(where);
    const split = this.splitOf(row, source);
    if (split === undefined) return this.unknownSplit.add(where);
    if (reading.fields.some((field) => odd.test(field))) this.control.add(where);
    const label = reading.label?.trim() ?? null;
    if (label !== reading.label) this.spaced.add(where);
    this.index.add(reading.key, label === null ? -1 : this.numberOf(label, source), splitNames.indexOf(split), number, row.line);
    await this.store.add(reading.fields);
  }

  private splitOf({ cells }: Row, source: TextSource) {
    const { split } = this.plan.columns;
    if (split === undefined) return source.split;
    this.splitsFromTable = true;
    return splitNamed(cellText(cellAt(cells, split)).trim());
  }

  private numberOf(label: string, { path }: TextSource): number {
    const known = this.labels.get(label);
    if (known !== undefined) return known;
    if (this.labels.size >= mostClasses) throw tooManyLabels(path, this.plan);
    this.labels.set(label, this.labels.size);
    return this.labels.size - 1;
  }
}

export function tooManyLabels(path: string, { columns }: TextPlan): ThawError {
  return new ThawError(
    'data.unsupported',
    l10n.t('The column {0} of {1} has too many different values to be a label.', columns.label ?? '', path),
    l10n.t('Choose another column for the label, or another task (in the terminal with --label-column and --task).'),
    { path, misfit: { kind: 'noLabels' } },
  );
}

/** Whether labels are measures (0.25, 3.8, …) rather than names of classes. */
export function areMeasures(labels: readonly string[], rows: number): boolean {
  return (
    labels.length > 20 &&
    labels.length > rows / 20 &&
    labels.every((label) => /^-?\d*\.\d+$|^-?\d+$/.test(label)) &&
    labels.some((label) => label.includes('.'))
  );
}
