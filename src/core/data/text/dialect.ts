import { type CsvError, parse } from 'csv-parse/sync';

/** How a file of delimited text is written. */
export interface Dialect {
  readonly delimiter: string;
  /** `"`, or null where quotes are characters like others. */
  readonly quote: '"' | null;
  /** Columns that most rows have. */
  readonly width: number;
  /** Share of the rows that have them. */
  readonly regularity: number;
}

export const csvOptions = ({ delimiter, quote }: Pick<Dialect, 'delimiter' | 'quote'>) => ({
  delimiter,
  quote,
  record_delimiter: '\n',
  relax_quotes: true,
  relax_column_count: true,
  skip_empty_lines: true,
});

const delimiters = ['\t', ',', ';', '|'];
const sampleRows = 500;

/**
 * Finds the delimiter, and whether quotes quote, from the beginning of a file: each candidate is tried, and the one by
 * which the rows are most alike wins; of those alike, the one that the file's name promises, then the wider.
 * @param cut whether the sample ends before the file does
 */
export function dialectOf(sample: string, cut: boolean, promised?: string): Dialect {
  const whole = cut ? sample.slice(0, sample.lastIndexOf('\n') + 1) || sample : sample;
  const tried = delimiters.map((delimiter) => tryDelimiter(whole, cut, delimiter)).filter(({ width }) => width > 1);
  const rank = ({ delimiter, regularity }: Dialect) => regularity + (delimiter === promised ? 0.3 : 0);
  const best = tried.sort((a, b) => rank(b) - rank(a) || b.width - a.width)[0];
  return best ?? { ...tryDelimiter(whole, cut, promised ?? ','), width: 1 };
}

/** Rows as they would be read, for as long as they can be. */
export function sampleRecords(sample: string, cut: boolean, dialect: Pick<Dialect, 'delimiter' | 'quote'>): string[][] {
  return tryRecords(sample, cut, dialect).records;
}

function tryRecords(sample: string, cut: boolean, dialect: Pick<Dialect, 'delimiter' | 'quote'>): { records: string[][]; failed: boolean } {
  const records: string[][] = [];
  const keep = (record: string[]) => {
    records.push(record);
    return null;
  };
  try {
    parse(sample, { ...csvOptions(dialect), to: sampleRows, on_record: keep });
  } catch (error) {
    // A sample may end within quotes; the same in a whole file is for the reader to report.
    return { records, failed: !cut || (error as CsvError).code !== 'CSV_QUOTE_NOT_CLOSED' };
  }
  return { records, failed: false };
}

function tryDelimiter(sample: string, cut: boolean, delimiter: string): Dialect {
  const plain = shapeOf(tryRecords(sample, cut, { delimiter, quote: null }).records);
  const starts = plain.cells.filter((cell) => cell.startsWith('"'));
  const enclosed = starts.filter((cell) => /^"(?:[^"]|"")*"$/.test(cell));
  if (delimiter === '\t' && starts.length === 0) return { delimiter, quote: null, ...plain };
  const { records, failed } = tryRecords(sample, cut, { delimiter, quote: '"' });
  const quoted = shapeOf(records);
  // Quotes at cells' beginnings that only quote: the rows are whole without them, and with them either swallow others or
  // hold nothing that would need quotes.
  const swallowed = failed || quoted.cells.some((cell) => cell.split('\n').some((line) => line.split(delimiter).length === plain.width));
  const needless = !quoted.cells.some((cell) => cell.includes(delimiter) || cell.includes('\n'));
  if (starts.length > enclosed.length && plain.regularity > 0.99 && plain.width > 1 && (swallowed || needless))
    return { delimiter, quote: null, ...plain };
  return { delimiter, quote: '"', ...quoted };
}

function shapeOf(records: readonly string[][]): { width: number; regularity: number; cells: string[] } {
  const counts = new Map<number, number>();
  for (const { length } of records) counts.set(length, (counts.get(length) ?? 0) + 1);
  const [width, rows] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [1, 0];
  return { width, regularity: rows / Math.max(1, records.length), cells: records.flat() };
}
