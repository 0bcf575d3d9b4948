import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import type { TensorData } from '../engine/engine';
import { corrupt } from './corrupt';
import { shardMap, type WeightFormat, weightFiles } from './hub/needed';
import { readSafetensors } from './safetensors';
import { type ElementType, readSafetensorsHeader } from './safetensorsHeader';
import { readTorchFile, readTorchHeader } from './torchFile';

/** What is known of a stored tensor before its values are read. */
export interface StoredEntry {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** The weights of a model, in one file or in shards, of either format: names, types and shapes first, values when asked. */
export interface WeightFiles {
  /** What a failure names: the file, or the index of the shards. */
  readonly path: string;
  readonly files: readonly string[];
  /** @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported` */
  entries(): Promise<ReadonlyMap<string, StoredEntry>>;
  /** The values of those names alone. @throws as entries */
  read(wanted: (name: string) => boolean): Promise<Map<string, TensorData>>;
}

interface Reader {
  header(file: string): Promise<ReadonlyMap<string, StoredEntry>>;
  read(file: string, wanted: (name: string) => boolean): Promise<Map<string, TensorData>>;
}
const readers: Readonly<Record<WeightFormat, Reader>> = {
  safetensors: { header: async (file) => (await readSafetensorsHeader(file)).tensors, read: readSafetensors },
  torch: { header: readTorchHeader, read: readTorchFile },
};

/** Whether a file is one of weights, by its name. */
export function isWeightsFile(file: string): boolean {
  return /\.(safetensors|pth|pt|bin)$/i.test(file);
}

/** The weights in one file, whatever it is called. */
export function weightsFile(file: string): WeightFiles {
  const reader = readers[/\.safetensors$/i.test(file) ? 'safetensors' : 'torch'];
  return { path: file, files: [file], entries: () => reader.header(file), read: (wanted) => reader.read(file, wanted) };
}

/** What trainers leave beside the weights. */
const notWeights = /^(training_args|optimizer|scheduler|scaler|rng_state.*)\./;

/**
 * The weights of a folder in the hub's layout: safetensors before PyTorch's pickles, whole before sharded; else its only file
 * of weights by any name; null where there are none.
 * @throws ThawError `model.corrupt` for an index that is not one, `model.missing` for a shard that is not there
 */
export async function weightsIn(folder: string): Promise<WeightFiles | null> {
  for (const { format, whole, index } of weightFiles) {
    if (existsSync(path.join(folder, whole))) return weightsFile(path.join(folder, whole));
    const shards = path.join(folder, index);
    if (existsSync(shards)) return sharded(shards, readers[format], await readIndex(shards));
  }
  const [only, ...others] = (await readdir(folder)).filter((name) => isWeightsFile(name) && !notWeights.test(name));
  return only !== undefined && others.length === 0 ? weightsFile(path.join(folder, only)) : null;
}

/** The same where they must be. @throws ThawError `model.missing` where there are none; as weightsIn */
export async function requireWeights(folder: string): Promise<WeightFiles> {
  const weights = await weightsIn(folder);
  if (weights) return weights;
  throw new ThawError(
    'model.missing',
    l10n.t('The folder has neither model.safetensors nor pytorch_model.bin.'),
    l10n.t('Save the weights beside config.json, as safetensors or by torch.save(model.state_dict(), …).'),
    { path: folder },
  );
}

/** @param map the tensors' names → their shards' */
function sharded(index: string, reader: Reader, map: ReadonlyMap<string, string>): WeightFiles {
  const folder = path.dirname(index);
  const names = [...new Set(map.values())].sort();
  const gone = names.find((name) => !existsSync(path.join(folder, name)));
  if (gone !== undefined)
    throw new ThawError(
      'model.missing',
      l10n.t('The shard {0} of the weights is missing.', gone),
      l10n.t('Get the model again: all shards that its index names must lie beside it.'),
      { path: path.join(folder, gone) },
    );
  return {
    path: index,
    files: names.map((name) => path.join(folder, name)),
    async entries() {
      const found = new Map<string, StoredEntry>();
      for (const name of names) {
        for (const [tensor, entry] of await reader.header(path.join(folder, name))) if (map.get(tensor) === name) found.set(tensor, entry);
      }
      const lost = [...map.keys()].find((tensor) => !found.has(tensor));
      if (lost !== undefined) throw corrupt(index, l10n.t('The tensor "{0}" is not in the shard that the index names.', lost));
      return found;
    },
    async read(wanted) {
      const found = new Map<string, TensorData>();
      for (const name of names) {
        const mine = (tensor: string) => map.get(tensor) === name && wanted(tensor);
        if (![...map.keys()].some(mine)) continue;
        for (const [tensor, values] of await reader.read(path.join(folder, name), mine)) found.set(tensor, values);
      }
      return found;
    },
  };
}

async function readIndex(index: string): Promise<ReadonlyMap<string, string>> {
  try {
    return shardMap(await readFile(index, 'utf8'));
  } catch (error) {
    throw corrupt(index, l10n.t('The file is not an index of shards: {0}', (error as Error).message), error);
  }
}
