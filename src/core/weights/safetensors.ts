import { type FileHandle, open } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import type { NamedTensors, TensorData } from '../engine/engine';
import { corrupt, unreadable } from './corrupt';
import { arrayFor, convert, isNative } from './elements';
import { elementBytes, type HeaderEntry, headerOf } from './safetensorsHeader';

/** Stored elements other than float32 and int32 are converted through a buffer of this size, a multiple of 8. */
const chunkBytes = 1 << 20;

/**
 * Reads the tensors of a safetensors file, each straight into its final array, so that a large file is held once.
 * Floats become float32, integers int32.
 * @param wanted reads those names alone.
 * @throws ThawError `model.missing` | `model.corrupt`
 */
export async function readSafetensors(path: string, wanted: (name: string) => boolean = () => true): Promise<Map<string, TensorData>> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const { tensors } = await headerOf(file, path);
    const values = new Map<string, TensorData>();
    for (const [name, entry] of tensors) {
      if (wanted(name)) values.set(name, await readTensor(file, path, name, entry));
    }
    return values;
  } finally {
    await file.close();
  }
}

async function readTensor(file: FileHandle, path: string, name: string, entry: HeaderEntry): Promise<TensorData> {
  const { type, shape, offset, bytes } = entry;
  const width = elementBytes[type];
  const data = arrayFor(type, bytes / width);
  if (isNative(type)) {
    await fill(file, path, new Uint8Array(data.buffer), offset);
  } else {
    const chunk = new Uint8Array(Math.min(bytes, chunkBytes));
    for (let done = 0; done < bytes; done += chunk.length) {
      const part = chunk.subarray(0, Math.min(chunk.length, bytes - done));
      await fill(file, path, part, offset + done);
      try {
        convert(type, part, data, done / width);
      } catch (error) {
        throw corrupt(path, l10n.t('The tensor "{0}" holds integers that do not fit into 32 bits.', name), error);
      }
    }
  }
  return { dtype: data instanceof Float32Array ? 'float32' : 'int32', shape, data };
}

/** Fills `target` from `position` on; one read call gives 2 GB at most. */
async function fill(file: FileHandle, path: string, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await file.read(target, done, Math.min(target.length - done, 1 << 30), position + done);
    if (bytesRead === 0) throw corrupt(path, l10n.t('The file ends before its tensors do.'));
    done += bytesRead;
  }
}

/** A safetensors file in memory, its tensors in the order given. */
export function encodeSafetensors(tensors: NamedTensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const parts = [...safetensorsParts(tensors, metadata)];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** Writes a safetensors file and flushes it, without a second copy of the tensors in memory. */
export async function writeSafetensors(
  path: string,
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const part of safetensorsParts(tensors, metadata)) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The header, padded with spaces to a multiple of 8, then each tensor's bytes. */
function* safetensorsParts(tensors: NamedTensors, metadata: Readonly<Record<string, string>>): Generator<Uint8Array> {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    entries.push([name, { dtype: dtype === 'float32' ? 'F32' : 'I32', shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  const json = Buffer.from(`{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`);
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  yield header;
  for (const { data } of tensors.values()) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
