import path from 'node:path';
import * as z from 'zod';
import type { ModelFacts } from '../../protocol/assistant';
import { isTextModelType, publishedHead, type TextHead, tasksOf } from '../models/text';
import { readAdapterConfig } from './adapter/config';
import { dataOf, idOf, licenceName, parametersOf, sizeOf } from './facts';
import { statedLicence } from './hub';
import { readJson } from './json';
import { type Located, locate, type Places } from './locate';
import { type DescribedTextModel, describeTextModel, type LoadedTextModel, loadTextModel, type TextOptions } from './textCheckpoint';
import { weightsIn } from './weightFiles';

const configSchema = z.looseObject({ model_type: z.string().optional(), architectures: z.array(z.string()).nullish() });

type InFolder = Extract<Located, { folder: string }>;

/**
 * What an id stands for, should it be a model of texts: with a head for something, a classifier for so many classes, the head
 * that an adapter was trained for, or the one that it was published with. Null for a model of pictures.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported` | `hub.*`
 */
export async function describeTextById(
  id: string,
  { classes, head, ...places }: Places & { classes?: number; head?: TextHead },
): Promise<(DescribedTextModel & { readonly facts: ModelFacts }) | null> {
  const found = await textById(id, places, { classes, head });
  if (!found) return null;
  const { located, type, options } = found;
  const described = await describeTextModel(located.folder, options, located.source === 'hub' ? located.weights : undefined);
  return { ...described, facts: await factsOf(id, located, type, described) };
}

/**
 * The same with its values; an adapter's are merged into its base's unless `keepsAdapter`.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`
 */
export async function loadTextById(
  id: string,
  { head, classes, labels, keepsAdapter, seed, ...places }: Omit<Places, 'hub'> & Partial<Omit<TextOptions, 'adapter'>> & { seed: number },
): Promise<LoadedTextModel | null> {
  const found = await textById(id, places, { head, classes });
  return found && loadTextModel(found.located.folder, { ...found.options, labels, keepsAdapter, seed });
}

async function textById(id: string, places: Places, { head, classes }: { head?: TextHead; classes?: number }) {
  const located = await locate(id, places);
  if (!('folder' in located)) return null;
  const { model_type: type = '', architectures } = await readJson(path.join(located.folder, 'config.json'), configSchema);
  if (!isTextModelType(type)) return null;
  const { adapter } = located;
  const trained = adapter === undefined ? null : (await readAdapterConfig(adapter)).head;
  const asked = head ?? (classes === undefined ? null : 'sequence-classification');
  const wanted = asked ?? trained ?? publishedHead(type, architectures?.[0]);
  return { located, type, options: { head: wanted, adapter, ...(wanted === 'sequence-classification' && { classes }) } };
}

async function factsOf(id: string, located: InFolder, type: string, { model }: DescribedTextModel): Promise<ModelFacts> {
  const learnedFrom = located.source === 'run' ? await dataOf(located.run) : null;
  const name = path.basename(located.adapter ?? (located.source === 'disk' ? located.folder : (id.split('@')[0] as string)));
  const weights = located.source === 'hub' ? null : await weightsIn(located.folder);
  const [task = 'text-classification', ...others] = tasksOf(type);
  return {
    id: idOf(id, located),
    title: learnedFrom ? `${learnedFrom} · ${model.title}` : name,
    family: model.family,
    task,
    tasks: [task, ...others],
    parameters: parametersOf(model.root),
    bytes: located.source === 'hub' ? located.bytes : await sizeOf(weights?.files ?? []),
    source: located.source,
    licence: licenceName('licence' in located ? located.licence : await statedLicence(located.folder)),
    imageSize: 0,
    maxLength: model.input.maximumLength,
    blocks: model.blocks.length,
    pretrainedOn: learnedFrom ?? '',
  };
}
