import { closeSync, fstatSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import * as l10n from '@vscode/l10n';
import yauzl from 'yauzl';
import { ThawError } from '../../protocol/failure';
import type { TensorData } from '../engine/engine';
import { corrupt, unreadable } from './corrupt';
import { FileCursor, MemoryCursor } from './cursor';
import { arrayFor, convert, isNative } from './elements';
import { unpickle } from './pickle';
import { type ElementType, elementBytes } from './safetensorsHeader';
import { gather, type Storage, type StoredTensor, storedTensors, TensorHost } from './torchTensors';
import { ZipReader } from './zipReader';

const legacyMagic = 0x1950a86a20f9469cfc6cn;
/** The pickle holds names and shapes alone; the values lie beside it. */
const longestPickle = 64 * 2 ** 20;
/** Values that need conversion are read in pieces of this size, a multiple of 8. */
const chunkBytes = 1 << 20;

/**
 * Reads the state dict of a file that torch.save wrote, in the zip format or the one before PyTorch 1.6. Floats become
 * float32, integers int32. The file can do nothing but describe tensors.
 * @param wanted reads those names alone; a block of values is held once, however many tensors are views of it
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported` naming what the file asked for.
 */
export function readTorchFile(path: string, wanted: (name: string) => boolean = () => true): Promise<Map<string, TensorData>> {
  return opened(path, { zip: (file) => readZip(file, path, wanted), legacy: (cursor) => readLegacy(cursor, path, wanted) });
}

/** Names, types and shapes without the values. @throws as readTorchFile */
export function readTorchHeader(path: string): Promise<Map<string, { type: ElementType; shape: readonly number[] }>> {
  const facts = (tensors: ReadonlyMap<string, StoredTensor>) =>
    new Map([...tensors].map(([name, { storage, shape }]) => [name, { type: storage.type, shape }]));
  return opened(path, {
    zip: async (file) => facts((await describedInZip(file, path)).tensors),
    legacy: (cursor) => facts(describedInLegacy(cursor, path).tensors),
  });
}

interface Formats<T> {
  zip(file: ZipFile): Promise<T>;
  legacy(cursor: FileCursor): T;
}
interface ZipFile {
  readonly reader: ZipReader;
  readonly size: number;
}

async function opened<T>(path: string, read: Formats<T>): Promise<T> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const { size } = fstatSync(descriptor);
    const zipped = size >= 4 && new FileCursor(descriptor, size).bytes(4).readUInt32LE() === 0x04034b50;
    if (zipped) return await read.zip({ reader: new ZipReader(descriptor, size), size });
    return read.legacy(new FileCursor(descriptor, size));
  } catch (error) {
    if (error instanceof ThawError) throw error;
    throw corrupt(path, l10n.t('This is not a checkpoint that PyTorch wrote: {0}.', (error as Error).message), error);
  } finally {
    closeSync(descriptor);
  }
}

interface Described {
  readonly storages: ReadonlyMap<string, Storage>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** torch/serialization.py `_legacy_save`: magic, version, machine, objects, list of storages, then each storage's values. */
function describedInLegacy(cursor: FileCursor, path: string): Described {
  const host = new TensorHost(path);
  if (unpickle(cursor, host) !== legacyMagic) throw new RangeError('the magic number is missing');
  unpickle(cursor, host);
  const machine = unpickle(cursor, host);
  if (machine instanceof Map && machine.get('little_endian') === false) throw new RangeError('its values are big-endian');
  return { storages: host.storages, tensors: storedTensors(unpickle(cursor, host)) };
}

function readLegacy(cursor: FileCursor, path: string, wanted: (name: string) => boolean): Map<string, TensorData> {
  const { storages, tensors: all } = describedInLegacy(cursor, path);
  const { tensors, used } = chosen(all, wanted);
  const keys = unpickle(cursor, new TensorHost(path));
  if (!Array.isArray(keys)) throw new RangeError('the list of storages is missing');
  for (const key of keys) {
    const storage = storages.get(String(key));
    const count = Number(cursor.bytes(8).readBigInt64LE());
    if (!storage || storage.count !== count) throw new RangeError(`the storage ${String(key)} is not as described`);
    const bytes = count * elementBytes[storage.type];
    if (bytes > cursor.remaining) throw new RangeError('the file ends too early');
    if (used.has(storage)) fillStorage(storage, (target) => cursor.into(target));
    else cursor.skip(bytes);
  }
  return gather(tensors);
}

/** A zip, nothing in it compressed: `name/data.pkl` and `name/data/<key>`. */
async function describedInZip({ reader, size }: ZipFile, path: string): Promise<Described & { zip: yauzl.ZipFile; values: Values }> {
  const open = promisify<yauzl.RandomAccessReader, number, yauzl.Options, yauzl.ZipFile>(yauzl.fromRandomAccessReader);
  const zip = await open(reader, size, { autoClose: false, lazyEntries: true });
  const entries = await entriesOf(zip);
  const [pickleName] = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const root = pickleName?.slice(0, -'data.pkl'.length);
  const pickle = entries.get(pickleName ?? '');
  if (!pickle || pickle.uncompressedSize > longestPickle) throw new RangeError('there is no data.pkl in it');
  const order = entries.get(`${root}byteorder`);
  if (order && (await contents(zip, order)).toString() !== 'little') throw new RangeError('its values are big-endian');
  const host = new TensorHost(path);
  const tensors = storedTensors(unpickle(new MemoryCursor(await contents(zip, pickle)), host));
  return { zip, storages: host.storages, tensors, values: ({ key }) => entries.get(`${root}data/${key}`) };
}
/** Where the values of a storage lie. */
type Values = (storage: Storage) => yauzl.Entry | undefined;

async function readZip(file: ZipFile, path: string, wanted: (name: string) => boolean): Promise<Map<string, TensorData>> {
  const { zip, storages, tensors: all, values } = await describedInZip(file, path);
  const { tensors, used } = chosen(all, wanted);
  let unread = file.size;
  for (const storage of storages.values()) {
    const entry = values(storage);
    const bytes = storage.count * elementBytes[storage.type];
    unread -= bytes;
    if (!entry || entry.uncompressedSize !== bytes || unread < 0) throw new RangeError(`the storage ${storage.key} is not as described`);
    if (used.has(storage)) await fillFromZip(zip, entry, storage);
  }
  return gather(tensors);
}

/** The tensors asked for, and the storages that they are views of. */
function chosen(all: ReadonlyMap<string, StoredTensor>, wanted: (name: string) => boolean) {
  const tensors = new Map([...all].filter(([name]) => wanted(name)));
  return { tensors, used: new Set([...tensors.values()].map(({ storage }) => storage)) };
}

function entriesOf(zip: yauzl.ZipFile): Promise<Map<string, yauzl.Entry>> {
  return new Promise((resolve, reject) => {
    const entries = new Map<string, yauzl.Entry>();
    zip.on('entry', (entry: yauzl.Entry) => {
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.on('end', () => resolve(entries));
    zip.on('error', reject);
    zip.readEntry();
  });
}

/** Bytes of an entry as they come, in pieces. */
async function streamOf(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<AsyncIterable<Buffer>> {
  if (entry.compressionMethod !== 0 || entry.uncompressedSize > zip.fileSize) throw new RangeError(`${entry.fileName} is compressed`);
  const open = zip.openReadStream.bind(zip) as (e: yauzl.Entry, done: (error: Error | null, stream: NodeJS.ReadableStream) => void) => void;
  return (await promisify(open)(entry)) as AsyncIterable<Buffer>;
}

async function contents(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Buffer> {
  const bytes = Buffer.alloc(entry.uncompressedSize);
  let at = 0;
  for await (const chunk of await streamOf(zip, entry)) at += chunk.copy(bytes, at);
  return bytes;
}

/** Converts values piece by piece: they are never held in both forms. */
async function fillFromZip(zip: yauzl.ZipFile, entry: yauzl.Entry, storage: Storage): Promise<void> {
  const values = arrayFor(storage.type, storage.count);
  const width = elementBytes[storage.type];
  const raw = isNative(storage.type) ? new Uint8Array(values.buffer) : null;
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  for await (const chunk of await streamOf(zip, entry)) {
    if (raw) raw.set(chunk, at);
    else {
      const piece = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      const whole = piece.length - (piece.length % width);
      convert(storage.type, piece.subarray(0, whole), values, (at - rest.length) / width);
      rest = piece.subarray(whole);
    }
    at += chunk.length;
  }
  storage.values = values;
}

function fillStorage(storage: Storage, read: (target: Uint8Array) => void): void {
  const values = arrayFor(storage.type, storage.count);
  if (isNative(storage.type)) read(new Uint8Array(values.buffer));
  else {
    const width = elementBytes[storage.type];
    const piece = new Uint8Array(Math.min(storage.count * width, chunkBytes));
    for (let at = 0; at < storage.count; at += piece.length / width) {
      const part = piece.subarray(0, Math.min(piece.length, (storage.count - at) * width));
      read(part);
      convert(storage.type, part, values, at);
    }
  }
  storage.values = values;
}
