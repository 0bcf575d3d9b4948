import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import type { ModelFacts } from '../../protocol/assistant';
import type { TextTask } from '../../protocol/data';
import { ThawError } from '../../protocol/failure';
import { headFor, isTextModelType, publishedHead, type TextHead, type TextModel, tasksOf } from '../models/text';
import { readAdapterConfig } from './adapter/config';
import { dataOf, idOf, licenceName, loraIn, parametersOf, sizeOf } from './facts';
import { statedLicence } from './hub';
import { readJson } from './json';
import { type Located, locate, type Places } from './locate';
import { type DescribedTextModel, describeTextModel, type LoadedTextModel, loadTextModel, type TextOptions } from './textCheckpoint';
import { weightsIn } from './weightFiles';

const configSchema = z.looseObject({ model_type: z.string().optional(), architectures: z.array(z.string()).nullish() });

export interface TextModelById extends DescribedTextModel {
  readonly facts: ModelFacts;
  /** Where its config.json and tokenizer are. */
  readonly folder: string;
}

type InFolder = Extract<Located, { folder: string }>;

/**
 * What an id stands for, should it be a model of texts: with a head for something, a classifier for so many classes, the head
 * that an adapter was trained for, or the one that it was published with. Null for a model of pictures.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported` | `hub.*`
 */
export async function describeTextById(
  id: string,
  { classes, labels, head, keepsAdapter, ...places }: Places & Partial<Omit<TextOptions, 'adapter'>>,
): Promise<TextModelById | null> {
  const found = await textById(id, places, { classes, labels, head });
  if (!found) return null;
  const { located, type, options } = found;
  const asked = { ...options, keepsAdapter };
  const described = await describeTextModel(located.folder, asked, located.source === 'hub' ? located.weights : undefined);
  return { ...described, facts: await factsOf(id, located, type, described), folder: located.folder };
}

/**
 * The same with its values; an adapter's are merged into its base's unless `keepsAdapter`.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`
 */
export async function loadTextById(
  id: string,
  { head, classes, labels, keepsAdapter, seed, ...places }: Omit<Places, 'hub'> & Partial<Omit<TextOptions, 'adapter'>> & { seed: number },
): Promise<LoadedTextModel | null> {
  const found = await textById(id, places, { head, classes, labels });
  return found && loadTextModel(found.located.folder, { ...found.options, keepsAdapter, seed });
}

async function textById(
  id: string,
  places: Places,
  { head, classes, labels }: { head?: TextHead; classes?: number; labels?: readonly string[] },
) {
  const located = await locate(id, places);
  if (!('folder' in located)) return null;
  const { model_type: type = '', architectures } = await readJson(path.join(located.folder, 'config.json'), configSchema);
  if (!isTextModelType(type)) return null;
  const { adapter } = located;
  const trained = adapter === undefined ? null : (await readAdapterConfig(adapter)).head;
  const asked = head ?? (classes === undefined ? null : 'sequence-classification');
  const wanted = asked ?? trained ?? publishedHead(type, architectures?.[0]);
  return { located, type, options: { head: wanted, adapter, ...(wanted === 'sequence-classification' && { classes, labels }) } };
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
    ...(model.kind === 'text-to-text' && prefixesOf(model.config)),
    ...(await loraIn(located)),
    pretrainedOn: learnedFrom ?? '',
  };
}

const taughtSchema = z.looseObject({ task_specific_params: z.record(z.string(), z.looseObject({ prefix: z.string() })) });

/** What T5's configuration says it was taught to read before a source (transformers' `task_specific_params`). */
function prefixesOf(config: TextModel['config']): Pick<ModelFacts, 'prefixes'> {
  const taught = taughtSchema.safeParse(config);
  return taught.success ? { prefixes: [...new Set(Object.values(taught.data.task_specific_params).map(({ prefix }) => prefix))] } : {};
}

/** A model of texts with the head for a task. @throws ThawError `model.*`, also for a model of pictures */
export async function describeForTask(
  id: string,
  task: TextTask,
  options: Places & Partial<Pick<TextOptions, 'classes' | 'labels' | 'keepsAdapter'>>,
): Promise<TextModelById> {
  const described = await describeTextById(id, { ...options, head: headFor(task) });
  if (!described) throw notForTexts(id);
  return described;
}

function notForTexts(id: string): ThawError {
  return new ThawError(
    'model.unsupported',
    l10n.t('"{0}" is no model of texts.', id),
    l10n.t('Name a transformer: a folder in the layout of transformers, a run on texts, or a model of the hub that "thaw pull" brought.'),
  );
}
