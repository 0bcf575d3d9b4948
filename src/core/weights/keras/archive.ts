import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as l10n from '@vscode/l10n';
import yauzl from 'yauzl';
import { ThawError } from '../../../protocol/failure';
import type { KerasGraph } from '../../models/keras';
import { corrupt, unreadable } from '../corrupt';
import { ZipReader } from '../zipReader';
import { type H5File, openH5, parsed } from './h5';
import type { Contents, StoredTensor } from './stored';

const longestConfig = 64 * 2 ** 20;
const largestWeights = 2 ** 31;

/**
 * What `model.save("model.keras")` writes: a zip with config.json and model.weights.h5.
 * @throws ThawError `model.missing` | `model.corrupt`
 */
export async function openArchive(path: string): Promise<Contents> {
  const handle = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const { config, weights } = await unzipped(handle, path);
    const file = await openH5(weights, path);
    return {
      topology: parsed(config.toString('utf8'), path),
      tensors: (graph) => tensorsOf(graph, '', '', file),
      files: [path],
      close: file.close,
    };
  } catch (error) {
    if (error instanceof ThawError) throw error;
    throw corrupt(path, l10n.t('This is not a model that Keras wrote: {0}.', (error as Error).message), error);
  } finally {
    await handle.close();
  }
}

async function unzipped(handle: FileHandle, path: string): Promise<{ config: Buffer; weights: Buffer }> {
  const { size } = await handle.stat();
  const start = promisify<yauzl.RandomAccessReader, number, yauzl.Options, yauzl.ZipFile>(yauzl.fromRandomAccessReader);
  const zip = await start(new ZipReader(handle.fd, size), size, { autoClose: false, lazyEntries: true });
  try {
    const found = new Map<string, Buffer>();
    for await (const entry of entriesOf(zip)) {
      const limit = { 'config.json': longestConfig, 'model.weights.h5': largestWeights }[entry.fileName];
      if (limit === undefined) continue;
      if (entry.uncompressedSize > limit) throw new RangeError(`${entry.fileName} claims ${entry.uncompressedSize} bytes`);
      found.set(entry.fileName, await contentsOf(zip, entry));
    }
    const [config, weights] = [found.get('config.json'), found.get('model.weights.h5')];
    if (config && weights) return { config, weights };
    const missing = config ? 'model.weights.h5' : 'config.json';
    throw corrupt(path, l10n.t('There is no {0} in it.', missing));
  } finally {
    zip.close();
  }
}

async function* entriesOf(zip: yauzl.ZipFile): AsyncGenerator<yauzl.Entry> {
  for (;;) {
    const entry = await new Promise<yauzl.Entry | null>((resolve, reject) => {
      const settle = (found: yauzl.Entry | null, error?: Error) => {
        zip.removeAllListeners();
        if (error) reject(error);
        else resolve(found);
      };
      zip.once('entry', (found: yauzl.Entry) => settle(found));
      zip.once('end', () => settle(null));
      zip.once('error', (error: Error) => settle(null, error));
      zip.readEntry();
    });
    if (!entry) return;
    yield entry;
  }
}

/** Read as far as it goes: what an entry claims of its size is not believed. */
async function contentsOf(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Buffer> {
  const stream = await promisify(
    zip.openReadStream.bind(zip) as (e: yauzl.Entry, done: (error: Error | null, stream: NodeJS.ReadableStream) => void) => void,
  )(entry);
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Where a model keeps its layers: Keras 3, and Keras 2 from 2.12 on. */
const containers = ['layers', '_layer_checkpoint_dependencies'];

/**
 * The tensors of a model's layers. In the file, a layer's group is called by its class and counted (`conv2d`, `conv2d_1`, …);
 * newer files say the layer's own name beside its tensors, which then decides. The tensors are numbered.
 */
function tensorsOf(graph: KerasGraph, group: string, around: string, file: H5File): StoredTensor[] {
  const container = containers.map((name) => `${group}${name}`).find((name) => file.keys(name).length > 0);
  if (container === undefined) return [];
  const groups = file.keys(container);
  const byName = new Map(groups.map((key) => [file.text(`${container}/${key}/vars`, 'name'), key]));
  const counts = new Map<string, number>();
  return graph.layers.flatMap((layer) => {
    const snake = snakeCase(layer.type);
    const before = counts.get(snake) ?? 0;
    counts.set(snake, before + 1);
    const key = byName.get(layer.name) ?? (before === 0 ? snake : `${snake}_${before}`);
    const inside = `${container}/${key}`;
    const path = `${around}${layer.name}/`;
    if (layer.graph) return tensorsOf(layer.graph, `${inside}/`, path, file);
    return file.tensors(`${inside}/vars`).map((tensor) => ({ ...tensor, name: `${path}${tensor.name}` }));
  });
}

/** Keras's own rule for the names of groups (keras/src/utils/naming.py `to_snake_case`). */
function snakeCase(type: string): string {
  return type
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
