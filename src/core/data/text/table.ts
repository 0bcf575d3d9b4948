import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import * as l10n from '@vscode/l10n';
import { asFailure, ThawError } from '../../../protocol/failure';
import { isKnownColumn } from './columnNames';
import { csvRecords } from './csv';
import { decodeText, recordLimit, type TextEncoding, tooLong } from './decodeText';
import { type Dialect, dialectOf, sampleRecords } from './dialect';
import { columnsNamed, hasHeader } from './header';
import { isJsonList, jsonLines, jsonList } from './json';
import { openParquet } from './parquet';
import { plainColumn, plainRows, plainUnitOf } from './plain';
import type { Row } from './types';

/** How a file of texts is written. */
export type TextFormat =
  | { readonly kind: 'delimited'; readonly dialect: Dialect; readonly header: boolean }
  | { readonly kind: 'jsonLines' | 'jsonList' | 'parquet' }
  | { readonly kind: 'plain'; readonly unit: 'paragraph' | 'line' | 'file' };

/** A file opened as a table; its rows can be gone through again and again, and are never all in memory. */
export interface Table {
  /** Absolute. */
  readonly path: string;
  readonly format: TextFormat;
  /** In order; of JSON, those of the first rows. */
  readonly columns: readonly string[];
  readonly encoding?: TextEncoding;
  /** The first rows. */
  readonly head: readonly Row[];
  /** `faulty`: rows with more cells than there are columns; they are not among those yielded. */
  rows(faulty?: (line: number) => void): AsyncGenerator<Row[]>;
}

const sampleCharacters = 1 << 17;
const headRows = 500;

/** The ending that says how a file is written, without `.gz`; '' for none. */
export function formatNamed(path: string): string {
  const name = basename(path).toLowerCase().replace(/\.gz$/, '');
  return /\.([a-z0-9]+)$/.exec(name)?.[1] ?? '';
}

/**
 * Finds out how a file of texts is written and what its columns are, from its beginning.
 * @param like another file of the same data: whether there is a header is the same in both
 * @throws ThawError `data.missing` | `data.unreadable` | `io.permission`
 */
export async function openTable(path: string, like?: Table): Promise<Table> {
  await requireFile(path);
  if (formatNamed(path) === 'parquet') {
    const table = await openParquet(path);
    return withHead({ path, format: { kind: 'parquet' }, columns: table.columns, rows: () => table.rows() });
  }
  const { sample, cut, encoding } = await sampleOf(path);
  return { ...(await openSampled(path, sample, cut, like)), encoding };
}

async function openSampled(path: string, sample: string, cut: boolean, like?: Table): Promise<Table> {
  switch (formatNamed(path)) {
    case 'json':
    case 'jsonl':
    case 'ndjson':
      return openJson(path, sample);
    case 'csv':
      return openDelimited(path, sample, cut, dialectOf(sample, cut, ','), like);
    case 'tsv':
    case 'tab':
      return openDelimited(path, sample, cut, dialectOf(sample, cut, '\t'), like);
    default:
      return openUnnamed(path, sample, cut, like);
  }
}

/** A whole file as one text, as in folders of classes. */
export function openWhole(path: string): Table {
  const rows = async function* (): AsyncGenerator<Row[]> {
    const parts: string[] = [];
    let length = 0;
    for await (const chunk of decodeText(path)) {
      parts.push(chunk);
      length += chunk.length;
      if (length > recordLimit) throw tooLong(path, 1);
    }
    yield [{ line: 1, cells: { [plainColumn]: parts.join('') } }];
  };
  return { path, format: { kind: 'plain', unit: 'file' }, columns: [plainColumn], head: [], rows };
}

async function openJson(path: string, sample: string): Promise<Table> {
  const kind = isJsonList(sample) ? 'jsonList' : 'jsonLines';
  return withHead({ path, format: { kind }, columns: [], rows: () => (kind === 'jsonList' ? jsonList(path) : jsonLines(path)) });
}

/** Text of which the name says nothing: a table if its rows say so clearly, else plain text. */
async function openUnnamed(path: string, sample: string, cut: boolean, like?: Table): Promise<Table> {
  const text = sample.trimStart();
  if (/^\{\s*"/.test(text) || /^\[\s*\{/.test(text)) return openJson(path, sample);
  const dialect = dialectOf(sample, cut);
  const tabs = dialect.delimiter === '\t' && dialect.regularity > 0.95;
  if (dialect.width > 1 && (tabs || (dialect.regularity === 1 && sampleRecords(sample, cut, dialect)[0]?.some(isKnownColumn))))
    return openDelimited(path, sample, cut, dialect, like);
  const unit = plainUnitOf(sample);
  return withHead({ path, format: { kind: 'plain', unit }, columns: [plainColumn], rows: () => plainRows(path, unit) });
}

async function openDelimited(path: string, sample: string, cut: boolean, dialect: Dialect, like?: Table): Promise<Table> {
  const records = sampleRecords(sample, cut, dialect);
  const first = columnsNamed(records[0] ?? []);
  const same = first.length === like?.columns.length && first.every((name, i) => name === like.columns[i]);
  const header = same || (hasHeader(records) && !(like?.format.kind === 'delimited' && !like.format.header));
  const columns = header ? first : columnsNamed(Array.from({ length: dialect.width }, () => ''));
  const rows = async function* (faulty?: (line: number) => void): AsyncGenerator<Row[]> {
    let skip = header;
    for await (const batch of csvRecords(path, dialect)) {
      const kept: Row[] = [];
      for (const { line, cells } of batch) {
        if (skip) skip = false;
        else if (cells.length > columns.length) faulty?.(line);
        else kept.push({ line, cells: Object.fromEntries(columns.map((name, i) => [name, cells[i]])) });
      }
      if (kept.length > 0) yield kept;
    }
  };
  return withHead({ path, format: { kind: 'delimited', dialect, header }, columns, rows });
}

/** Reads the first rows, and the columns from them where nothing else names them. */
async function withHead(table: Omit<Table, 'head'>): Promise<Table> {
  const head: Row[] = [];
  for await (const rows of table.rows()) {
    head.push(...rows.slice(0, headRows - head.length));
    if (head.length >= headRows) break;
  }
  const columns = table.columns.length > 0 ? table.columns : [...new Set(head.flatMap(({ cells }) => Object.keys(cells)))];
  return { ...table, columns, head };
}

async function sampleOf(path: string): Promise<{ sample: string; cut: boolean; encoding: TextEncoding }> {
  const parts: string[] = [];
  let length = 0;
  let encoding: TextEncoding = 'utf-8';
  const told = (found: TextEncoding) => {
    encoding = found;
  };
  for await (const chunk of decodeText(path, told)) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= sampleCharacters) return { sample: parts.join(''), cut: true, encoding };
  }
  return { sample: parts.join(''), cut: false, encoding };
}

async function requireFile(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    const failure = asFailure(error);
    if (failure.code === 'io.gone')
      throw new ThawError('data.missing', l10n.t('There is no file {0}.', path), l10n.t('Check the path.'), { path, cause: error });
    throw new ThawError(failure.code, failure.message, failure.hint, { path, cause: error });
  }
}
