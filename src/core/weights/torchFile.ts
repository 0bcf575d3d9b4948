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
import { elementBytes } from './safetensorsHeader';
import { gather, type Storage, storedTensors, TensorHost } from './torchTensors';
import { ZipReader } from './zipReader';

const legacyMagic = 0x1950a86a20f9469cfc6cn;
/** The pickle holds names and shapes alone; the values lie beside it. */
const longestPickle = 64 * 2 ** 20;

/**
 * Reads the state dict of a file that torch.save wrote, in the zip format or the one before PyTorch 1.6. Floats become
 * float32, integers int32. The file can do nothing but describe tensors.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported` naming what the file asked for.
 */
export async function readTorchFile(path: string): Promise<Map<string, TensorData>> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const { size } = fstatSync(descriptor);
    const zipped = size >= 4 && new FileCursor(descriptor, size).bytes(4).readUInt32LE() === 0x04034b50;
    if (zipped) return await readZip(path, new ZipReader(descriptor, size), size);
    return readLegacy(path, new FileCursor(descriptor, size));
  } catch (error) {
    if (error instanceof ThawError) throw error;
    throw corrupt(path, l10n.t('This is not a checkpoint that PyTorch wrote: {0}.', (error as Error).message), error);
  } finally {
    closeSync(descriptor);
  }
}

/** torch/serialization.py `_legacy_save`: magic, version, machine, objects, list of storages, then each storage's values. */
function readLegacy(path: string, cursor: FileCursor): Map<string, TensorData> {
  const host = new TensorHost(path);
  if (unpickle(cursor, host) !== legacyMagic) throw new RangeError('the magic number is missing');
  unpickle(cursor, host);
  const machine = unpickle(cursor, host);
  if (machine instanceof Map && machine.get('little_endian') === false) throw new RangeError('its values are big-endian');
  const tensors = storedTensors(unpickle(cursor, host));
  const keys = unpickle(cursor, host);
  if (!Array.isArray(keys)) throw new RangeError('the list of storages is missing');
  for (const key of keys) {
    const storage = host.storages.get(String(key));
    const count = Number(cursor.bytes(8).readBigInt64LE());
    if (!storage || storage.count !== count) throw new RangeError(`the storage ${String(key)} is not as described`);
    if (count * elementBytes[storage.type] > cursor.remaining) throw new RangeError('the file ends too early');
    fillStorage(storage, (target) => cursor.into(target));
  }
  return gather(tensors);
}

/** A zip, nothing in it compressed: `name/data.pkl` and `name/data/<key>`. */
async function readZip(path: string, reader: ZipReader, size: number): Promise<Map<string, TensorData>> {
  const open = promisify<yauzl.RandomAccessReader, number, yauzl.Options, yauzl.ZipFile>(yauzl.fromRandomAccessReader);
  const zip = await open(reader, size, { autoClose: false, lazyEntries: true });
  try {
    const entries = await entriesOf(zip);
    const [pickleName] = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    const root = pickleName?.slice(0, -'data.pkl'.length);
    const pickle = entries.get(pickleName ?? '');
    if (!pickle || pickle.uncompressedSize > longestPickle) throw new RangeError('there is no data.pkl in it');
    const order = entries.get(`${root}byteorder`);
    if (order && (await contents(zip, order)).toString() !== 'little') throw new RangeError('its values are big-endian');

    const host = new TensorHost(path);
    const tensors = storedTensors(unpickle(new MemoryCursor(await contents(zip, pickle)), host));
    let unread = zip.fileSize;
    for (const storage of host.storages.values()) {
      const entry = entries.get(`${root}data/${storage.key}`);
      const bytes = storage.count * elementBytes[storage.type];
      unread -= bytes;
      if (!entry || entry.uncompressedSize !== bytes || unread < 0) throw new RangeError(`the storage ${storage.key} is not as described`);
      const values = await contents(zip, entry);
      fillStorage(storage, (target) => target.set(values));
    }
    return gather(tensors);
  } finally {
    zip.close();
  }
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

async function contents(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Buffer> {
  if (entry.compressionMethod !== 0 || entry.uncompressedSize > zip.fileSize) throw new RangeError(`${entry.fileName} is compressed`);
  const stream = await promisify(
    zip.openReadStream.bind(zip) as (e: yauzl.Entry, done: (error: Error | null, stream: NodeJS.ReadableStream) => void) => void,
  )(entry);
  const bytes = Buffer.alloc(entry.uncompressedSize);
  let at = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) at += chunk.copy(bytes, at);
  return bytes;
}

function fillStorage(storage: Storage, read: (target: Uint8Array) => void): void {
  const values = arrayFor(storage.type, storage.count);
  if (isNative(storage.type)) {
    read(new Uint8Array(values.buffer));
  } else {
    const raw = new Uint8Array(storage.count * elementBytes[storage.type]);
    read(raw);
    convert(storage.type, raw, values, 0);
  }
  storage.values = values;
}
