import { type FileHandle, open } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import * as z from 'zod';
import { ThawError } from '../../../protocol/failure';
import { unreadable } from './decodeText';
import type { Row } from './types';

/** Rows decoded at a time, within a group of rows. */
const rowsAtOnce = 4096;

/** A Parquet file's columns and rows; `line` is the number of the row, from 1. */
export interface ParquetTable {
  readonly columns: string[];
  readonly count: number;
  rows(limit?: number): AsyncGenerator<Row[]>;
}

/** What Hugging Face's `datasets` writes beside the columns; names of classes are all we take of it. */
const featuresSchema = z.object({
  info: z.object({
    features: z.record(z.string(), z.object({ _type: z.string().optional(), names: z.array(z.string()).optional() }).catch({})),
  }),
});

/**
 * @throws ThawError `data.unreadable` where it is no Parquet file or a damaged one
 */
export async function openParquet(path: string): Promise<ParquetTable> {
  const metadata = await withFile(path, (file) => parquetMetadataAsync(file));
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const classNames = classNamesOf(metadata);
  const count = Number(metadata.num_rows);
  return {
    columns,
    count,
    async *rows(limit = count) {
      // Loaded with the first rows, as it sets gigabytes of addresses aside for WebAssembly: not every process may have so many.
      const { compressors } = await import('hyparquet-compressors');
      for (let from = 0; from < Math.min(count, limit); from += rowsAtOnce) {
        const rowEnd = Math.min(count, limit, from + rowsAtOnce);
        const objects = await withFile(path, (file) => parquetReadObjects({ file, metadata, compressors, rowStart: from, rowEnd }));
        yield objects.map((cells, i) => ({ line: from + i + 1, cells: named(cells, classNames) }));
      }
    },
  };
}

/** Numbers of classes as their names. */
function named(cells: Record<string, unknown>, classNames: ReadonlyMap<string, readonly string[]>): Record<string, unknown> {
  for (const [column, names] of classNames) {
    const name = names[Number(cells[column])];
    if (name !== undefined) cells[column] = name;
  }
  return cells;
}

function classNamesOf(metadata: FileMetaData): Map<string, string[]> {
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  const found = new Map<string, string[]>();
  try {
    const { features } = featuresSchema.parse(JSON.parse(text ?? 'null')).info;
    for (const [column, { _type, names }] of Object.entries(features)) if (_type === 'ClassLabel' && names) found.set(column, names);
  } catch {
    // written by something else
  }
  return found;
}

async function withFile<T>(path: string, work: (file: AsyncBuffer) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    return await work(bufferOf(handle, (await handle.stat()).size));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall) throw unreadable(path, error);
    const reason = error instanceof Error ? error.message : String(error);
    throw new ThawError(
      'data.unreadable',
      l10n.t('{0} is not a Parquet file that can be read: {1}.', path, reason),
      l10n.t('Fetch or write the file again.'),
      { path, cause: error },
    );
  } finally {
    await handle?.close();
  }
}

function bufferOf(handle: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, byteLength) - start));
      for (let read = 0; read < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, read, bytes.length - read, start + read);
        if (bytesRead === 0) throw new Error('it ends too early');
        read += bytesRead;
      }
      return bytes.buffer;
    },
  };
}
