import path from 'node:path';
import * as z from 'zod';
import { isTextModelType, publishedHead } from '../models/text';
import { readJson } from './json';
import { locate, type Places } from './locate';
import { type DescribedTextModel, describeTextModel } from './textCheckpoint';

const configSchema = z.looseObject({ model_type: z.string().optional(), architectures: z.array(z.string()).nullish() });

/**
 * What an id stands for, should it be a model of texts: with the head that it was published with, or a classifier for so many
 * classes. Null for a model of pictures.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported` | `hub.*`
 */
export async function describeTextById(
  id: string,
  { classes, ...places }: Places & { classes?: number },
): Promise<DescribedTextModel | null> {
  const located = await locate(id, places);
  if (!('folder' in located)) return null;
  const { model_type: type = '', architectures } = await readJson(path.join(located.folder, 'config.json'), configSchema);
  if (!isTextModelType(type)) return null;
  const head = classes === undefined ? publishedHead(type, architectures?.[0]) : 'sequence-classification';
  return describeTextModel(located.folder, { head, classes }, located.source === 'hub' ? located.weights : undefined);
}
