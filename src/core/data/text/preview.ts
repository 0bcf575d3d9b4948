import type { ColumnMap, Split, TextTask } from '../../../protocol/data';
import { readRow } from './examples';
import type { TextPlan } from './plan';
import type { Opened } from './reading';

/** The beginning of the data, before all of it has been read: nothing is checked or split off. */
export interface TextPreview {
  readonly task: TextTask;
  readonly columns: ColumnMap;
  /** `fields`: the texts of an example in the order of its task (types.ts); of a chat, roles and contents in turn. */
  readonly rows: { where: string; split: Split; label: string | null; fields: readonly string[] }[];
}

const previewed = 200;

export function previewOf(plan: TextPlan, files: readonly Opened[]): TextPreview {
  const rows: TextPreview['rows'] = [];
  for (const { source, table } of files) {
    for (const row of table.head) {
      if (rows.length >= previewed) break;
      const reading = readRow(row, plan.task, plan.columns, source.label);
      if (reading.kind !== 'example') continue;
      const { fields, label } = reading;
      rows.push({ where: `${source.name}:${row.line}`, split: source.split, label: label?.trim() ?? null, fields });
    }
  }
  return { ...plan, rows };
}
