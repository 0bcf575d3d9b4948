import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { asFailure, ThawError } from '../../../protocol/failure';

/** Characters of one line, cell or record: a file with more is not a table of texts, and would take all memory. */
export const recordLimit = 1 << 24;

const chunkBytes = 1 << 16;

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/**
 * Tells how the bytes of a file are to be read: by its byte order mark, else by where its zeros are. What is not UTF-8 and
 * has no zeros is taken for Windows-1252, the superset of Latin-1 that such files are in.
 * @param head the first bytes, not compressed
 * @param whole whether that is all there is
 * @returns null for what is no text
 */
export function encodingOf(head: Uint8Array, whole: boolean): TextEncoding | null {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const start = head.subarray(0, 1 << 16);
  const zeros = [0, 0];
  let controls = 0;
  for (const [i, byte] of start.entries()) {
    if (byte === 0) zeros[i & 1]!++;
    else if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) controls++;
  }
  const [even, odd] = zeros as [number, number];
  const half = start.length / 2;
  // Latin letters in UTF-16 have a zero in every other byte.
  if (odd > half * 0.3 && even < half * 0.05) return 'utf-16le';
  if (even > half * 0.3 && odd < half * 0.05) return 'utf-16be';
  if (even + odd > 0 || controls > start.length * 0.05) return null;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: !whole });
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}

/**
 * A file's text in chunks: unpacked if it is gzip (by its first bytes), without byte order mark, every line ended by `\n`.
 * Bytes that the encoding does not know become U+FFFD.
 * @param told is called once the encoding is known
 * @throws ThawError `data.unreadable` where it is no text or a damaged gzip · `io.*`
 */
export async function* decodeText(path: string, told?: (encoding: TextEncoding) => void): AsyncGenerator<string> {
  const source = createReadStream(path, { highWaterMark: chunkBytes });
  try {
    let decoder: InstanceType<typeof TextDecoder> | null = null;
    let held = ''; // a `\r` at the end of a chunk may have its `\n` in the next
    for await (const chunk of await unpacked(source)) {
      const bytes = chunk as Buffer;
      if (!decoder) {
        const encoding = encodingFor(path, bytes);
        told?.(encoding);
        decoder = new TextDecoder(encoding);
      }
      let text = held + decoder.decode(bytes, { stream: true });
      held = text.endsWith('\r') ? '\r' : '';
      if (held) text = text.slice(0, -1);
      yield withNewlines(text);
    }
    yield withNewlines(held + (decoder?.decode() ?? ''));
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    source.destroy();
  }
}

const withNewlines = (text: string) => (text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text);

function encodingFor(path: string, head: Uint8Array): TextEncoding {
  const encoding = encodingOf(head, head.length < chunkBytes);
  if (encoding) return encoding;
  throw new ThawError(
    'data.unreadable',
    l10n.t('{0} is not text: it holds bytes that no text has.', path),
    l10n.t('Choose a file of text, such as CSV, TSV, JSONL or plain text, or a Parquet file whose name ends in .parquet.'),
    { path },
  );
}

/** The stream itself, or what it holds if that is gzip. */
async function unpacked(source: Readable): Promise<AsyncIterable<unknown>> {
  const chunks = source[Symbol.asyncIterator]();
  const first = await chunks.next();
  const all = (async function* () {
    for (let next = first; !next.done; next = await chunks.next()) yield next.value as Buffer;
  })();
  const head = first.done ? undefined : (first.value as Buffer);
  if (head?.[0] !== 0x1f || head[1] !== 0x8b) return all;
  return pipeline(all, createGunzip({ chunkSize: chunkBytes }), () => {}); // an error comes to who reads
}

/** What went wrong in reading, in words. */
export function unreadable(path: string, error: unknown): ThawError {
  if (error instanceof ThawError) return error;
  const code = (error as { code?: string } | null)?.code ?? '';
  if (code.startsWith('Z_'))
    return new ThawError(
      'data.unreadable',
      l10n.t('{0} is a damaged gzip file: {1}.', path, error instanceof Error ? error.message : code),
      l10n.t('Fetch or pack it again.'),
      { path, cause: error },
    );
  const failure = asFailure(error);
  return new ThawError(failure.code, failure.message, failure.hint, { path, detail: failure.detail, cause: error });
}

/** @throws ThawError `data.unreadable` */
export function tooLong(path: string, line: number): ThawError {
  return new ThawError(
    'data.unreadable',
    l10n.t('Line {0} of {1} is longer than {2} million characters.', line, path, Math.round(recordLimit / 1e6)),
    l10n.t(
      'It is neither a row of a table nor a paragraph. Check the file for line ends that are missing, or for a quote that is never closed.',
    ),
    { path },
  );
}

/**
 * A text's lines in batches, each with its number from 1.
 * @throws ThawError `data.unreadable` before a line longer than the limit is held
 */
export async function* linesOf(path: string, chunks: AsyncIterable<string>): AsyncGenerator<{ line: number; text: string }[]> {
  let rest: string[] = [];
  let restLength = 0;
  let line = 0;
  for await (const chunk of chunks) {
    const lines = chunk.split('\n');
    const last = lines.pop() as string;
    if (lines.length > 0) {
      lines[0] = rest.join('') + lines[0];
      rest = [];
      restLength = 0;
      yield lines.map((text) => ({ line: ++line, text }));
    }
    rest.push(last);
    restLength += last.length;
    if (restLength > recordLimit) throw tooLong(path, line + 1);
  }
  if (restLength > 0) yield [{ line: ++line, text: rest.join('') }];
}
