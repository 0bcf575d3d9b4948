import type { ColumnMap, Split, TextTask } from '../../../protocol/data';
import { readRow } from './examples';
import { columnsOf, type TextPlan } from './plan';
import type { Opened } from './reading';
import type { Row } from './types';

/** The beginning of the data, before all of it has been read: nothing is checked or split off. */
export interface TextPreview {
  readonly task: TextTask;
  readonly columns: ColumnMap;
  /** All columns of the table, in order. */
  readonly names: readonly string[];
  /** `fields`: the texts of an example in the order of its task (types.ts); of a chat, roles and contents in turn. */
  readonly rows: { where: string; split: Split; label: string | null; fields: readonly string[] }[];
}

const previewed = 200;

/** The first rows of tables; of folders of texts, a few from all over. */
export async function previewOf(plan: TextPlan, files: readonly Opened[]): Promise<TextPreview> {
  const rows: TextPreview['rows'] = [];
  const every = files[0]?.table.head.length ? 1 : Math.max(1, Math.floor(files.length / previewed));
  for (const [i, { source, table }] of files.entries()) {
    if (rows.length >= previewed) break;
    if (i % every > 0) continue;
    for (const row of table.head.length > 0 ? table.head : await firstOf(table)) {
      if (rows.length >= previewed) break;
      const reading = readRow(row, plan.task, plan.columns, source.label);
      if (reading.kind !== 'example') continue;
      const { fields, label } = reading;
      const where = source.label === undefined ? `${source.name}:${row.line}` : source.name;
      rows.push({ where, split: source.split, label: label?.trim() ?? null, fields });
    }
  }
  const first = files[0]?.table;
  return { ...plan, names: first ? columnsOf(first) : [], rows };
}

async function firstOf(table: Opened['table']): Promise<Row[]> {
  for await (const rows of table.rows()) return rows;
  return [];
}
