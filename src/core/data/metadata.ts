import * as l10n from '@vscode/l10n';
import { parse } from 'csv-parse/sync';
import * as z from 'zod';
import { ThawError } from '../../protocol/failure';

/**
 * Hugging Face's image folder with a table beside the pictures: `metadata.csv` or `metadata.jsonl` with a column
 * `file_name` (relative to the table) and one with the label
 * (https://huggingface.co/docs/datasets/image_dataset#imagefolder). A column `split` is optional.
 */
export const metadataNames = ['metadata.csv', 'metadata.jsonl'] as const;

/** Columns that hold the label, the first that is there; a single further column of any name does as well. */
const labelColumns = ['label', 'labels', 'class', 'class_name', 'category', 'target'];

export interface MetadataRow {
  readonly fileName: string;
  /** '' where the row has none. */
  readonly label: string;
  /** '' where the table says nothing. */
  readonly split: string;
}

const jsonRowSchema = z.record(z.string(), z.unknown());

function unsupported(path: string, message: string): ThawError {
  return new ThawError('data.unsupported', message, l10n.t('It needs a column file_name and a column label, one picture a row.'), { path });
}

/** @returns the columns and the rows as text, in the order of the file */
function tableOf(path: string, text: string): { columns: string[]; rows: string[][] } {
  if (path.endsWith('.csv')) {
    try {
      const [columns = [], ...rows] = parse(text, { bom: true, skip_empty_lines: true, trim: true }) as string[][];
      return { columns, rows };
    } catch (error) {
      throw unsupported(path, l10n.t('{0} is not a table: {1}.', path, error instanceof Error ? error.message : String(error)));
    }
  }
  const columns: string[] = [];
  const index = new Map<string, number>();
  const rows: string[][] = [];
  for (const [i, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '') continue;
    let row: Record<string, unknown>;
    try {
      row = jsonRowSchema.parse(JSON.parse(line));
    } catch {
      throw unsupported(path, l10n.t('Line {0} of {1} is not an object in JSON.', i + 1, path));
    }
    const cells: string[] = [];
    for (const [name, value] of Object.entries(row)) {
      if (!index.has(name)) index.set(name, columns.push(name) - 1);
      const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
      cells[index.get(name) as number] = known ? String(value).trim() : '';
    }
    rows.push(cells);
  }
  return { columns, rows };
}

/**
 * @param path for messages; its ending tells the format
 * @throws ThawError `data.unsupported` naming the file and what it lacks
 */
export function parseMetadata(path: string, text: string): MetadataRow[] {
  const { columns, rows } = tableOf(path, text);
  const names = columns.map((name) => name.toLowerCase());
  const file = names.indexOf('file_name');
  const split = names.indexOf('split');
  const others = names.filter((_, i) => i !== file && i !== split);
  const labelName = labelColumns.find((name) => others.includes(name)) ?? (others.length === 1 ? others[0] : undefined);
  if (file < 0 || labelName === undefined) {
    const listed = columns.join(', ') || l10n.t('none');
    throw unsupported(path, l10n.t('{0} lacks {1}. Its columns: {2}.', path, file < 0 ? 'file_name' : 'label', listed));
  }
  const label = names.findIndex((name, i) => name === labelName && i !== file && i !== split);
  return rows
    .map((row) => ({ fileName: row[file] ?? '', label: row[label] ?? '', split: split < 0 ? '' : (row[split] ?? '') }))
    .filter((row) => row.fileName !== '');
}
