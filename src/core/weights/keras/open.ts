import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import type { TensorData } from '../../engine/engine';
import { buildModel, type ImageModel } from '../../models';
import { headOf, type KerasGraph, keyOf } from '../../models/keras';
import { type Checkpoint, itself } from '../checkpoint';
import { atPath } from '../corrupt';
import { readJson } from '../json';
import { preprocessorSchema, targetOf } from '../transformersConfig';
import type { StoredEntry, WeightFiles } from '../weightFiles';
import { openArchive } from './archive';
import { openKerasH5 } from './h5';
import type { Contents, StoredTensor } from './stored';
import { openTfjs } from './tfjs';
import { readTopology } from './topology';
import { type Match, match, requireShape, valuesOf } from './variables';

/** Whether a file's name says that a Keras model is in it. */
export function isKerasFile(file: string): boolean {
  return /\.(keras|h5|hdf5)$/i.test(file) || path.basename(file) === 'model.json';
}

/**
 * Reads the layers of a `model.json` (TensorFlow.js), a `.keras`, a `.h5`, and what lies beside it: Teachable Machine's
 * metadata.json or labels.txt, or a preprocessor_config.json that says how pictures are prepared.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`
 */
export async function openKeras(file: string): Promise<Checkpoint> {
  return withContents(file, async ({ topology, files }) => {
    const folder = path.dirname(file);
    const own = path.basename(file) === 'model.json' ? path.basename(path.resolve(folder)) : path.basename(file).replace(/\.[^.]+$/, '');
    const keras = readTopology(topology, { path: file, name: own });
    const head = headOf(keras);
    const classes = Math.max(2, head?.outputs ?? 2);
    const labels = await labelsBeside(folder);
    const preprocessor = path.join(folder, 'preprocessor_config.json');
    const input = existsSync(preprocessor) ? targetOf(await readJson(preprocessor, preprocessorSchema)) : {};
    const spec = { architecture: 'keras', keras, classes, input };
    const model = buildModel(spec, file);
    return {
      folder,
      weights: weightsOf(file, files, keras, model),
      spec,
      labels: labels?.length === classes ? labels : null,
      rename: itself,
      hasHead: model.head === head?.path.map(keyOf).join('.'),
    };
  });
}

/** The file's tensors by our names and in our order of axes. Those that belong to no layer keep the file's names. */
function weightsOf(file: string, files: readonly string[], graph: KerasGraph, model: ImageModel): WeightFiles {
  return {
    path: file,
    files,
    entries: () =>
      withContents(file, async (contents) => {
        const { matches, strangers } = match(model, contents.tensors(graph));
        const entries = new Map<string, StoredEntry>(strangers.map(({ name, shape }) => [name, { type: 'F32', shape }]));
        for (const [name, found] of matches) {
          if (!isStored(found)) continue;
          requireShape(found, file);
          entries.set(name, { type: 'F32', shape: found.shape });
        }
        return entries;
      }),
    read: (wanted) =>
      withContents(file, async (contents) => {
        const values = new Map<string, TensorData>();
        for (const [name, found] of match(model, contents.tensors(graph)).matches)
          if (wanted(name) && isStored(found)) values.set(name, await valuesOf(found, file));
        return values;
      }),
  };
}

function isStored(found: Match): found is Match & { stored: StoredTensor } {
  return found.stored !== undefined;
}

async function withContents<T>(file: string, work: (contents: Contents) => Promise<T>): Promise<T> {
  const contents = await openContents(file);
  try {
    return await work(contents);
  } catch (error) {
    throw atPath(error, file);
  } finally {
    contents.close();
  }
}

/** By what the file begins with, as `.h5` and `.keras` are confused at times. */
async function openContents(file: string): Promise<Contents> {
  if (file.toLowerCase().endsWith('.json')) return openTfjs(file);
  if (file.toLowerCase().endsWith('.keras')) return openArchive(file);
  return openKerasH5(file);
}

const metadataSchema = z.looseObject({ labels: z.array(z.string()).min(1).optional() });

/** Teachable Machine's: in metadata.json, or in labels.txt as lines like `0 Class 1`. */
async function labelsBeside(folder: string): Promise<string[] | null> {
  const metadata = path.join(folder, 'metadata.json');
  if (existsSync(metadata)) {
    const { labels } = await readJson(metadata, metadataSchema);
    if (labels) return labels;
  }
  const text = await readFile(path.join(folder, 'labels.txt'), 'utf8').catch(() => null);
  const lines = text?.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines?.map((line) => line.replace(/^\d+\s+/, '').trim()) ?? null;
}
