import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { corrupt, unreadable } from './corrupt';

/** Bytes an element, by the format's names. 8-bit floats and complex numbers are not read. */
export const elementBytes = { BOOL: 1, U8: 1, I8: 1, U16: 2, I16: 2, F16: 2, BF16: 2, U32: 4, I32: 4, F32: 4, U64: 8, I64: 8, F64: 8 };
export type ElementType = keyof typeof elementBytes;

export interface HeaderEntry {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Where its bytes begin in the file. */
  readonly offset: number;
  readonly bytes: number;
}
export interface SafetensorsHeader {
  /** In the order of the data. */
  readonly tensors: ReadonlyMap<string, HeaderEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The reference implementation's own limit: a longer header is an attack or garbage. */
const longestHeader = 100_000_000;

const count = z.int().min(0);
const entrySchema = z.object({
  dtype: z.enum(Object.keys(elementBytes) as [ElementType, ...ElementType[]]),
  shape: z.array(count).max(32),
  data_offsets: z.tuple([count, count]),
});
const metadataSchema = z.record(z.string(), z.string());

/**
 * The header of a safetensors file (huggingface/safetensors, README "Format"): 8 bytes of length, JSON, then the tensors'
 * bytes without holes. Nothing in it is believed before it agrees with the file's size.
 * @throws ThawError `model.missing` | `model.corrupt`
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    return await headerOf(file, path);
  } finally {
    await file.close();
  }
}

export async function headerOf(file: FileHandle, path: string): Promise<SafetensorsHeader> {
  const { size } = await file.stat();
  const prefix = Buffer.alloc(8);
  const { bytesRead } = await file.read(prefix, 0, 8, 0);
  const text = Buffer.alloc(safetensorsHeaderLength(prefix.subarray(0, bytesRead), { path, size }));
  await file.read(text, 0, text.length, 8);
  return parseHeader(text.toString('utf8'), { path, start: 8 + text.length, size });
}

/**
 * How long the JSON is that follows the first 8 bytes.
 * @throws ThawError `model.corrupt` for more than the file or anybody's header has
 */
export function safetensorsHeaderLength(start: Buffer, { path, size }: { path: string; size: number }): number {
  if (size < 8 || start.length < 8) throw corrupt(path, l10n.t('The file is too short to be a safetensors file.'));
  const length = start.readBigUInt64LE();
  if (length > BigInt(Math.min(longestHeader, size - 8)))
    throw corrupt(path, l10n.t('The header claims {0} bytes; the file has {1}.', String(length), size));
  return Number(length);
}

/** @throws ThawError `model.corrupt` */
export function parseHeader(text: string, file: { path: string; start: number; size: number }): SafetensorsHeader {
  const { path, start, size } = file;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw corrupt(path, l10n.t('The header is not JSON.'), error);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw corrupt(path, l10n.t('The header is not an object.'));

  let metadata: Record<string, string> = {};
  const entries: [string, HeaderEntry][] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      const parsed = metadataSchema.safeParse(value);
      if (!parsed.success) throw corrupt(path, l10n.t('The metadata of the header is not text by name.'));
      metadata = parsed.data;
      continue;
    }
    const parsed = entrySchema.safeParse(value);
    if (!parsed.success)
      throw corrupt(path, l10n.t('The header describes the tensor "{0}" in a way that is not understood.', name), parsed.error);
    const { dtype, shape, data_offsets } = parsed.data;
    const [begin, end] = data_offsets;
    const bytes = shape.reduce((product, side) => product * side, elementBytes[dtype]);
    if (end - begin !== bytes)
      throw corrupt(path, l10n.t('The tensor "{0}" has {1} bytes, but its shape needs {2}.', name, end - begin, bytes));
    entries.push([name, { type: dtype, shape, offset: start + begin, bytes }]);
  }

  entries.sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  let expected = start;
  for (const [name, { offset, bytes }] of entries) {
    if (offset !== expected) throw corrupt(path, l10n.t('The tensor "{0}" overlaps another or leaves a hole.', name));
    expected += bytes;
  }
  if (expected !== size) throw corrupt(path, l10n.t('The file has {0} bytes; its header speaks of {1}.', size, expected));
  return { tensors: new Map(entries), metadata };
}
