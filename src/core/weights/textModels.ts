import path from 'node:path';
import * as z from 'zod';
import type { ModelFacts } from '../../protocol/assistant';
import { isTextModelType, publishedHead, type TextHead, tasksOf } from '../models/text';
import { dataOf, idOf, licenceName, parametersOf, sizeOf } from './facts';
import { statedLicence } from './hub';
import { readJson } from './json';
import { type Located, locate, type Places } from './locate';
import { type DescribedTextModel, describeTextModel } from './textCheckpoint';
import { weightsIn } from './weightFiles';

const configSchema = z.looseObject({ model_type: z.string().optional(), architectures: z.array(z.string()).nullish() });

type InFolder = Extract<Located, { folder: string }>;

/**
 * What an id stands for, should it be a model of texts: with a head for something, a classifier for so many classes, or the
 * head that it was published with. Null for a model of pictures.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported` | `hub.*`
 */
export async function describeTextById(
  id: string,
  { classes, head, ...places }: Places & { classes?: number; head?: TextHead },
): Promise<(DescribedTextModel & { readonly facts: ModelFacts }) | null> {
  const located = await locate(id, places);
  if (!('folder' in located)) return null;
  const { model_type: type = '', architectures } = await readJson(path.join(located.folder, 'config.json'), configSchema);
  if (!isTextModelType(type)) return null;
  const wanted = head ?? (classes === undefined ? publishedHead(type, architectures?.[0]) : 'sequence-classification');
  const options = { head: wanted, ...(wanted === 'sequence-classification' && { classes }) };
  const described = await describeTextModel(located.folder, options, located.source === 'hub' ? located.weights : undefined);
  return { ...described, facts: await factsOf(id, located, type, described) };
}

async function factsOf(id: string, located: InFolder, type: string, { model }: DescribedTextModel): Promise<ModelFacts> {
  const learnedFrom = located.source === 'run' ? await dataOf(located.run) : null;
  const name = path.basename(located.source === 'disk' ? located.folder : (id.split('@')[0] as string));
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
