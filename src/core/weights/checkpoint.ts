import { existsSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { ThawError } from '../../protocol/failure';
import { type ImageModel, isInHead, type ModelSpec, unsupported } from '../models';
import { kerasGraphSchema } from '../models/keras';
import { tensorsOf } from '../nn';
import { corrupt } from './corrupt';
import { readJson } from './json';
import { readTimmConfig, timmConfigSchema } from './timmConfig';
import type { Rename } from './transformers/type';
import { preprocessorSchema, readTransformersConfig, transformersConfigSchema } from './transformersConfig';
import { requireWeights, type WeightFiles } from './weightFiles';

/** A folder in the hub's layout, its config read and its weights not yet. */
export interface Checkpoint {
  readonly folder: string;
  readonly weights: WeightFiles;
  /** As it was saved: its own number of classes. */
  readonly spec: ModelSpec;
  readonly labels: readonly string[] | null;
  /** Where a tensor of the file goes, by our names (timm's); undefined for one that does not belong to this kind of model. */
  readonly rename: Rename;
  /** False where it was saved without a classifier. */
  readonly hasHead?: boolean;
}

/**
 * @param given weights other than those of the folder
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`
 */
export async function openCheckpoint(folder: string, given?: WeightFiles): Promise<Checkpoint> {
  const config = path.join(folder, 'config.json');
  if (!existsSync(config))
    throw new ThawError(
      'model.missing',
      l10n.t('The folder has no config.json, so it is not a model.'),
      l10n.t('Choose a folder with config.json and model.safetensors, as timm and Hugging Face save them.'),
      { path: folder },
    );
  const found = await readSpec(config);
  const weights = given ?? (await requireWeights(folder));
  return { folder, weights, ...found };
}

/** For files whose tensors have our names. */
export const itself: Rename = (name) => ({ name, part: 0, of: 1 });

async function readSpec(config: string): Promise<Pick<Checkpoint, 'spec' | 'labels' | 'rename'>> {
  const raw = await readJson(config, z.looseObject({ architecture: z.string().optional(), model_type: z.string().optional() }));
  if (raw.architecture === 'keras') return { ...(await readKerasConfig(config)), rename: itself };
  if (raw.architecture !== undefined) return { ...readTimmConfig(await readJson(config, timmConfigSchema), config), rename: itself };
  if (raw.model_type === undefined)
    throw unsupported(l10n.t('The file says neither "architecture" (timm) nor "model_type" (Hugging Face).'), config);
  const preprocessor = path.join(path.dirname(config), 'preprocessor_config.json');
  return readTransformersConfig(
    await readJson(config, transformersConfigSchema),
    existsSync(preprocessor) ? await readJson(preprocessor, preprocessorSchema) : null,
    config,
  );
}

/** What Thaw itself wrote of a Keras model: timm's keys, and the layers. */
async function readKerasConfig(config: string): Promise<Pick<Checkpoint, 'spec' | 'labels'>> {
  const { keras } = await readJson(config, z.looseObject({ keras: kerasGraphSchema }));
  const { spec, labels } = readTimmConfig(await readJson(config, timmConfigSchema), config);
  return { spec: { ...spec, keras }, labels };
}

/** A count that PyTorch keeps beside each batch norm, and that nothing here needs. */
const isCounter = (name: string) => name.endsWith('.num_batches_tracked');

/** Our names → the file's, in the order in which they lie in ours: more than one where the file has it in parts. */
export type Sources = ReadonlyMap<string, readonly string[]>;

/**
 * Compares the header of the weights with the model that the config describes, so that what is read later fits.
 * @param withoutHead the classifier is replaced, so the file need not have it
 * @throws ThawError `model.corrupt` for missing or misshapen tensors, `model.unsupported` for ones too many.
 */
export async function checkedNames({ weights, rename }: Checkpoint, model: ImageModel, withoutHead: boolean): Promise<Sources> {
  const tensors = await weights.entries();
  const theirs = new Map<string, string[]>();
  const unknown: string[] = [];
  const expected = new Map([...tensorsOf(model.root)].map((tensor) => [tensor.name, tensor]));
  const parts = new Map<string, number>();
  for (const name of tensors.keys()) {
    const place = rename(name);
    if (place && expected.has(place.name)) {
      const sources = theirs.get(place.name) ?? [];
      sources[place.part] = name;
      theirs.set(place.name, sources);
      parts.set(place.name, place.of);
    } else if (!isCounter(name) && place !== null) unknown.push(name);
  }
  const isWhole = (name: string) => Object.keys(theirs.get(name) ?? []).length === (parts.get(name) ?? 1);
  const needed = (name: string) => !withoutHead || !isInHead(model, name);
  const missing = [...expected.keys()].filter((name) => needed(name) && !isWhole(name));
  if (missing.length > 0)
    throw corrupt(weights.path, l10n.t('{0} tensors of {1} are missing: {2}', missing.length, model.architecture, some(missing)));
  if (unknown.length > 0)
    throw unsupported(l10n.t('{0} tensors do not belong to {1}: {2}', unknown.length, model.architecture, some(unknown)), weights.path);
  for (const [ours, { shape }] of expected) {
    const sources = theirs.get(ours) ?? [];
    const part = [(shape[0] as number) / (parts.get(ours) ?? 1), ...shape.slice(1)];
    for (const name of sources) {
      const entry = tensors.get(name);
      if (entry?.shape.join() !== part.join() || !/F/.test(entry.type))
        throw corrupt(
          weights.path,
          l10n.t(
            'The tensor "{0}" is {1} [{2}]; {3} needs numbers with a fraction, [{4}].',
            name,
            entry?.type ?? '',
            entry?.shape.join(', ') ?? '',
            model.architecture,
            part.join(', '),
          ),
        );
    }
  }
  return theirs;
}

function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} …` : names.join(', ');
}
