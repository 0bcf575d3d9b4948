import { modelInfo } from '@huggingface/hub';
import * as l10n from '@vscode/l10n';
import type { Response } from 'undici';
import * as z from 'zod';
import { ThawError } from '../../../protocol/failure';
import { mapFiles } from '../../data/concurrent';
import { strange } from './failures';
import type { Asking, HubHttp } from './http';
import type { HubName } from './name';
import { needed, shardsOf, type WeightFormat } from './needed';

/** A file of a commit, as the hub promises it. */
export interface HubFile {
  readonly name: string;
  readonly size: number;
  /** Its hash, and the blob's name in the cache: SHA-256 of a large file, git's SHA-1 of a small one. */
  readonly etag: string;
}

/** What is known of a model before any of its weights are fetched. */
export interface HubModel extends HubName {
  readonly commit: string;
  /** Those that are needed, the weights last. */
  readonly files: readonly HubFile[];
  readonly format: WeightFormat;
  readonly bytes: number;
  /** As its card states it (`apache-2.0`); empty where it states none. */
  readonly licence: string;
  readonly downloads: number;
  /** Whether its terms must be accepted on the hub. */
  readonly gated: boolean;
  /** The hub's name of its task: `image-classification`. */
  readonly task: string;
}

const infoSchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  filePaths: z.array(z.string()),
  downloads: z.number().catch(0),
  gated: z.union([z.boolean(), z.string()]).catch(false),
  task: z.string().catch(''),
  cardData: z
    .looseObject({ license: z.union([z.string(), z.array(z.string())]).optional() })
    .nullish()
    .catch(null),
});

type Telling = Pick<Asking, 'signal' | 'onWait'>;

/**
 * Asks the hub what a model is: one request for it, and one for each file that is needed.
 * @throws ThawError `hub.*`; `model.unsupported` where there is no config.json, or no weights that are read
 */
export async function lookUp(http: HubHttp, name: HubName, telling: Telling = {}): Promise<HubModel> {
  const { repo, revision } = name;
  const { endpoint } = http.settings;
  const {
    sha: commit,
    filePaths,
    ...info
  } = await modelInfo({
    name: repo,
    revision,
    hubUrl: endpoint,
    additionalFields: ['sha', 'filePaths', 'cardData'],
    fetch: http.fetchFor(telling.signal, telling.onWait),
  })
    .then((found) => infoSchema.parse(found))
    .catch((error: unknown) => {
      telling.signal?.throwIfAborted();
      throw error instanceof ThawError ? error : strange(`${endpoint}/${repo}`, error);
    });

  const { described, weights } = needed(filePaths);
  const page = `${endpoint}/${repo}`;
  if (!described.includes('config.json') && !described.includes('adapter_config.json'))
    throw unusable(l10n.t('{0} has no config.json, so it is not a model that Thaw reads.', repo), page);
  if (!weights)
    throw unusable(l10n.t('{0} has neither model.safetensors nor pytorch_model.bin: its weights are in another format.', repo), page);
  const shards = weights.sharded ? await shardsAt(http, repo, commit, weights.file, telling) : [];
  const names = [...described, weights.file, ...shards];
  const files = await mapFiles(names, (file) => fileAt(http, repo, commit, file, telling));
  const licence = info.cardData?.license;
  return {
    ...{ repo, revision, commit, files, format: weights.format },
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    licence: Array.isArray(licence) ? licence.join(', ') : (licence ?? ''),
    downloads: info.downloads,
    gated: info.gated !== false,
    task: info.task,
  };
}

export function fileUrl({ settings }: HubHttp, repo: string, commit: string, file: string): string {
  return `${settings.endpoint}/${repo}/resolve/${commit}/${file.split('/').map(encodeURIComponent).join('/')}`;
}

/**
 * Size and hash of a file. Not by @huggingface/hub's fileDownloadInfo: it follows the redirect to where the bytes lie,
 * and the hash stands on the redirect itself (`X-Linked-ETag`); what comes after has the ETag of a stranger's store.
 */
async function fileAt(http: HubHttp, repo: string, commit: string, name: string, telling: Telling): Promise<HubFile> {
  let url = fileUrl(http, repo, commit, name);
  for (let hops = 0; hops < 5; hops++) {
    const response = await http.ask(url, {
      ...telling,
      method: 'HEAD',
      redirect: 'manual',
      headers: { 'accept-encoding': 'identity' },
      accept: (status) => status >= 300 && status < 400,
    });
    await response.body?.cancel();
    // A model that was renamed: the hub sends on to another path of its own, and to nowhere else.
    const location = response.headers.get('location');
    if (!response.ok && location?.startsWith('/')) url = new URL(location, url).href;
    else return promised(response, name, url);
  }
  throw strange(url, new Error('it redirects in a circle'));
}

function promised({ headers }: Response, name: string, url: string): HubFile {
  const etag = (headers.get('x-linked-etag') ?? headers.get('etag') ?? '').replace(/^W\//, '').replace(/"/g, '');
  const size = Number(headers.get('x-linked-size') ?? headers.get('content-length') ?? Number.NaN);
  if (!/^[\w-]{8,128}$/.test(etag) || !Number.isSafeInteger(size) || size < 0)
    throw strange(url, new Error(`no hash or no size: ETag "${etag}", ${size} bytes`));
  return { name, size, etag };
}

async function shardsAt(http: HubHttp, repo: string, commit: string, index: string, telling: Telling): Promise<string[]> {
  const url = fileUrl(http, repo, commit, index);
  const text = await (await http.ask(url, telling)).text();
  try {
    return shardsOf(text);
  } catch (error) {
    throw strange(url, error);
  }
}

function unusable(message: string, path: string): ThawError {
  return new ThawError('model.unsupported', message, l10n.t('Choose a model with config.json and model.safetensors.'), { path });
}
