import { listModels, type PipelineType } from '@huggingface/hub';
import * as z from 'zod';
import type { Task } from '../../../protocol/data';
import { ThawError } from '../../../protocol/failure';
import { buildModel } from '../../models';
import { isTextModelType } from '../../models/text';
import { isImageModelType } from '../transformersConfig';
import { strange } from './failures';
import { HubHttp } from './http';
import { parseHubName } from './name';
import { type HubSettings, hubSettings } from './settings';

/** A model that the hub offers for a task. */
export interface Popular {
  readonly id: string;
  readonly downloads: number;
  readonly licence: string;
  readonly gated: boolean;
}

/** The hub's names of what people begin from for a task of ours. */
const pipelines: Readonly<Record<Task, PipelineType>> = {
  'image-classification': 'image-classification',
  'text-classification': 'text-classification',
  'text-pair-classification': 'text-classification',
  'causal-lm': 'text-generation',
  chat: 'text-generation',
  'text-to-text': 'text2text-generation' as PipelineType, // the hub's own name, which the library's list has dropped
};

const entrySchema = z.object({
  name: z.string().refine((name) => parseHubName(name) !== null),
  downloads: z.number().catch(0),
  gated: z.union([z.boolean(), z.string()]).catch(false),
  library_name: z.string().optional().catch(undefined),
  config: z.looseObject({ model_type: z.string().optional() }).optional().catch(undefined),
  tags: z.array(z.string()).catch([]),
});

/** More are asked for than shown: most are of families that are not read. */
const asked = 100;
const shown = 20;

/**
 * The most downloaded models for a task whose kind Thaw reads.
 * @param search a part of their names
 * @throws ThawError `hub.*`; the signal's reason
 */
export async function popularModels(
  task: Task,
  { search, settings = hubSettings(), signal }: { search?: string; settings?: HubSettings; signal?: AbortSignal } = {},
): Promise<Popular[]> {
  const http = new HubHttp(settings);
  const found: Popular[] = [];
  try {
    const models = listModels({
      search: { task: pipelines[task], ...(search && { query: search }) },
      sort: 'downloads',
      limit: asked,
      additionalFields: ['config', 'library_name', 'tags'],
      hubUrl: settings.endpoint,
      fetch: http.fetchFor(signal),
    });
    for await (const model of models) {
      const entry = entrySchema.safeParse(model).data;
      if (!entry || !isReadable(entry)) continue;
      const { name: id, downloads, gated, tags } = entry;
      const licence = tags.find((tag) => tag.startsWith('license:'))?.slice('license:'.length) ?? '';
      found.push({ id, downloads, licence, gated: gated !== false });
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ThawError ? error : strange(`${settings.endpoint}/api/models`, error);
  } finally {
    await http.close();
  }
  return found.sort((a, b) => b.downloads - a.downloads).slice(0, shown);
}

function isReadable({ name, library_name, config }: z.infer<typeof entrySchema>): boolean {
  const type = config?.model_type ?? '';
  if (library_name !== 'timm') return isImageModelType(type) || isTextModelType(type);
  const architecture = name.split('/').at(-1)?.split('.')[0] ?? ''; // timm/mobilenetv2_100.ra_in1k
  try {
    buildModel({ architecture, classes: 2 });
    return true;
  } catch {
    return false;
  }
}
