import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

/** What describes a model, its preprocessing and its tokenizer; README.md for the licence that it states. */
const described = new Set([
  'config.json',
  'adapter_config.json',
  'generation_config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'spiece.model',
  'tokenizer.model',
  'sentencepiece.bpe.model',
  'README.md',
]);

/** Weights as they may lie in a folder, the preferred first: what cannot run code before what might have. */
export const weightFiles = [
  { format: 'safetensors', whole: 'model.safetensors', index: 'model.safetensors.index.json' },
  { format: 'torch', whole: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json' },
] as const;

/** Of an adapter (PEFT), which has no weights of its base. */
const adapterWeights = [
  { format: 'safetensors', file: 'adapter_model.safetensors', sharded: false },
  { format: 'torch', file: 'adapter_model.bin', sharded: false },
] as const;

export type WeightFormat = (typeof weightFiles)[number]['format'];

/** Files to fetch of a repository's files; `index` names the shards, once it is there. */
export interface Needed {
  readonly described: string[];
  /** Null: no weights that are read. */
  readonly weights: { readonly format: WeightFormat; readonly file: string; readonly sharded: boolean } | null;
}

export function needed(files: readonly string[]): Needed {
  const there = new Set(files);
  const weights = weightFiles.flatMap(({ format, whole, index }) => [
    { format, file: whole, sharded: false },
    { format, file: index, sharded: true },
  ]);
  const all = [...weights, ...(there.has('adapter_config.json') ? adapterWeights : [])];
  return { described: files.filter((file) => described.has(file)), weights: all.find(({ file }) => there.has(file)) ?? null };
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** Tensors' names → their shards'. @throws SyntaxError, ZodError, RangeError for a name outside of the folder */
export function shardMap(index: string): ReadonlyMap<string, string> {
  const { weight_map } = indexSchema.parse(JSON.parse(index));
  const odd = Object.values(weight_map).find((name) => !/^[\w.-]+$/.test(name) || name.startsWith('.'));
  if (odd !== undefined) throw new RangeError(`"${odd}" is not a file's name`);
  return new Map(Object.entries(weight_map));
}

/** The shards that an index names, in order. @throws as shardMap */
export function shardsOf(index: string): string[] {
  return [...new Set(shardMap(index).values())].sort();
}

/** Whether a folder holds all of an adapter. */
export function hasAdapter(folder: string): boolean {
  const has = (file: string) => existsSync(path.join(folder, file));
  return has('adapter_config.json') && adapterWeights.some(({ file }) => has(file));
}

/** Whether a folder holds a config and all of its weights. */
export async function hasModel(folder: string): Promise<boolean> {
  const has = (file: string) => existsSync(path.join(folder, file)); // follows links: a link to a blob that is gone does not count
  if (!has('config.json')) return false;
  for (const { whole, index } of weightFiles) {
    if (has(whole)) return true;
    if (!has(index)) continue;
    try {
      return shardsOf(await readFile(path.join(folder, index), 'utf8')).every(has);
    } catch {
      return false;
    }
  }
  return false;
}
