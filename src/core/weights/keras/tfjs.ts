import { type FileHandle, open, stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { ThawError } from '../../../protocol/failure';
import { corrupt, unreadable } from '../corrupt';
import { convert } from '../elements';
import { readJson } from '../json';
import { elementBytes } from '../safetensorsHeader';
import type { Contents, StoredTensor } from './stored';

const count = z.int().min(0);
const elements = { float32: 'F32', int32: 'I32', uint8: 'U8', uint16: 'U16', float16: 'F16', bool: 'BOOL' } as const;
type Element = keyof typeof elements;
const elementSchema = z.enum(Object.keys(elements) as [Element, ...Element[]]);

const weightSchema = z.looseObject({
  name: z.string(),
  shape: z.array(count).max(8),
  dtype: elementSchema,
  /** value = stored · scale + min; float16 is stored as it is. */
  quantization: z.looseObject({ dtype: elementSchema, scale: z.number().optional(), min: z.number().optional() }).optional(),
});
type Weight = z.infer<typeof weightSchema>;

/** `model.json` of TensorFlow.js, with or without its weights' manifest. */
const modelSchema = z.looseObject({
  format: z.string().nullish(),
  modelTopology: z.looseObject({ model_config: z.unknown().optional(), node: z.unknown().optional() }),
  weightsManifest: z.array(z.looseObject({ paths: z.array(z.string().min(1)), weights: z.array(weightSchema) })).optional(),
});

/**
 * A layers model of TensorFlow.js: `model.json` and the shards that it names, beside it.
 * @throws ThawError `model.missing` naming a shard, `model.corrupt`, `model.unsupported` for a graph model
 */
export async function openTfjs(file: string): Promise<Contents> {
  const { format, modelTopology, weightsManifest } = await readJson(file, modelSchema);
  if (format === 'graph-model' || modelTopology.node !== undefined)
    throw new ThawError(
      'model.unsupported',
      l10n.t('This is a graph model of TensorFlow.js: its layers are gone, so it cannot go on learning.'),
      l10n.t('Convert the Keras model again with --output_format=tfjs_layers_model, or choose the Keras file itself.'),
      { path: file },
    );
  if (!weightsManifest) throw corrupt(file, l10n.t('The file names no weights.'));
  const files: string[] = [];
  const tensors: StoredTensor[] = [];
  for (const { paths, weights } of weightsManifest) {
    const shards = await Promise.all(paths.map((shard) => shardOf(shard, file)));
    files.push(...shards.map((shard) => shard.file));
    tensors.push(...tensorsOf(weights, shards, file));
  }
  return { topology: modelTopology.model_config ?? modelTopology, tensors: () => tensors, files, close: () => {} };
}

interface Shard {
  readonly file: string;
  readonly size: number;
}

async function shardOf(name: string, model: string): Promise<Shard> {
  const folder = path.dirname(model);
  const file = path.resolve(folder, name);
  if (!file.startsWith(path.join(folder, path.sep))) throw corrupt(model, l10n.t('It names weights outside of its folder: {0}', name));
  const found = await stat(file).catch((error: { code?: string }) => {
    if (error.code !== 'ENOENT') throw unreadable(file, error);
    throw new ThawError(
      'model.missing',
      l10n.t('The weights file "{0}" is missing; model.json names it.', name),
      l10n.t('Put all files of the model into one folder, under the names that they were saved by.'),
      { path: file, cause: error },
    );
  });
  return { file, size: found.size };
}

/** The tensors of a group lie one after another in its shards, as if these were one file. */
function tensorsOf(weights: readonly Weight[], shards: readonly Shard[], model: string): StoredTensor[] {
  const total = shards.reduce((sum, { size }) => sum + size, 0);
  let offset = 0;
  const tensors = weights.map((weight): StoredTensor => {
    const stored = elements[weight.quantization?.dtype ?? weight.dtype];
    const length = weight.shape.reduce((product, side) => product * side, 1);
    const begin = offset;
    offset += length * elementBytes[stored];
    const end = offset;
    return {
      name: weight.name,
      shape: weight.shape,
      read: async () => {
        const bytes = await bytesOf(shards, begin, end);
        const data = new Float32Array(length);
        convert(stored, bytes, data, 0);
        const { scale, min } = weight.quantization ?? {};
        // In this order, as TensorFlow.js does it: the product is not rounded before the sum.
        if (scale !== undefined) for (let i = 0; i < length; i++) data[i] = (data[i] as number) * scale + (min ?? 0);
        return data;
      },
    };
  });
  if (offset === total) return tensors;
  const names = shards.map(({ file }) => path.basename(file)).join(', ');
  throw corrupt(shards[0]?.file ?? model, l10n.t('{0} have {1} bytes; model.json speaks of {2}.', names, total, offset));
}

/** Bytes begin … end of the shards set end to end. */
async function bytesOf(shards: readonly Shard[], begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  let start = 0;
  for (const { file, size } of shards) {
    const [from, to] = [Math.max(begin, start), Math.min(end, start + size)];
    if (from < to) await fill(file, bytes.subarray(from - begin, to - begin), from - start);
    start += size;
  }
  return bytes;
}

async function fill(file: string, target: Uint8Array, position: number): Promise<void> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(file);
    for (let done = 0; done < target.length; ) {
      const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
      if (bytesRead === 0) throw corrupt(file, l10n.t('The file ends before its tensors do.'));
      done += bytesRead;
    }
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    await handle?.close();
  }
}
