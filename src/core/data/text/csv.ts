import * as l10n from '@vscode/l10n';
import { type CsvError, parse } from 'csv-parse';
import { ThawError } from '../../../protocol/failure';
import { decodeText, linesOf, recordLimit, tooLong } from './decodeText';
import { csvOptions, type Dialect } from './dialect';

/** More than a chunk of text can hold, so that the parser never waits for its reader. */
const chunkRecords = 1 << 20;

export interface CsvRecord {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly cells: string[];
}

/**
 * The records of a file of delimited text, in batches as they are read.
 * @throws ThawError `data.unreadable` for a record beyond the limit, or a quote that is never closed
 */
export async function* csvRecords(path: string, dialect: Dialect): AsyncGenerator<CsvRecord[]> {
  if (dialect.quote === null) {
    for await (const lines of linesOf(path, decodeText(path)))
      yield lines.filter(({ text }) => text !== '').map(({ line, text }) => ({ line, cells: text.split(dialect.delimiter) }));
    return;
  }
  const options = { ...csvOptions(dialect), info: true, max_record_size: recordLimit, readableHighWaterMark: chunkRecords };
  const parser = parse(options);
  const errors: CsvError[] = [];
  parser.on('error', (error: CsvError) => errors.push(error));
  let last = 0; // the line on which the last whole record ended
  const recordOf = (next: unknown): CsvRecord => {
    const { record, info } = next as { record: string[]; info: { lines: number } };
    last = info.lines;
    return { line: info.lines - newlines(record), cells: record };
  };
  for await (const chunk of decodeText(path)) {
    parser.write(chunk); // parses at once: what it made is read before the next chunk is written
    const records: CsvRecord[] = [];
    for (let next = parser.read(); next !== null; next = parser.read()) records.push(recordOf(next));
    if (records.length > 0) yield records;
    if (errors[0]) throw described(path, errors[0], last);
  }
  const rest: CsvRecord[] = [];
  const ended = new Promise<void>((resolve) => parser.once('end', resolve).once('close', resolve));
  parser.on('data', (next) => rest.push(recordOf(next)));
  parser.end();
  await ended;
  if (rest.length > 0) yield rest;
  if (errors[0]) throw described(path, errors[0], last);
}

function newlines(cells: readonly string[]): number {
  let count = 0;
  for (const cell of cells) for (let at = cell.indexOf('\n'); at >= 0; at = cell.indexOf('\n', at + 1)) count++;
  return count;
}

function described(path: string, error: CsvError, last: number): ThawError {
  if (error.code === 'CSV_MAX_RECORD_SIZE') return tooLong(path, last + 1);
  if (error.code === 'CSV_QUOTE_NOT_CLOSED')
    return new ThawError(
      'data.unreadable',
      l10n.t('{0} ends within quotes: a quote is opened after line {1} and never closed.', path, last),
      l10n.t('Close it, or write a quote that belongs to the text twice.'),
      { path, cause: error },
    );
  return new ThawError('data.unreadable', l10n.t('{0} is not a table: {1}.', path, error.message), l10n.t('Save it as CSV again.'), {
    path,
    cause: error,
  });
}
