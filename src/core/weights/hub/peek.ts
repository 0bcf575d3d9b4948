import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import { mapFiles } from '../../data/concurrent';
import type { WeightFiles } from '../weightFiles';
import { snapshotFolder } from './cache';
import { fetchFiles } from './fetchFiles';
import { HubHttp } from './http';
import { type HubModel, lookUp } from './lookup';
import { type HubName, hubNameText } from './name';
import type { PullOptions } from './pull';
import { readRemoteHeader } from './remoteHeader';
import { hubSettings } from './settings';

/** A model as far as it can be known without its weights. */
export interface Peeked {
  /** A snapshot with its configuration alone. */
  readonly folder: string;
  /** Names, types and shapes of the weights; their values are refused. */
  readonly weights: WeightFiles;
  readonly model: HubModel;
}

const configs = new Set(['config.json', 'preprocessor_config.json']);

/**
 * Looks at a model of the hub: its configuration, which goes into the cache, and the headers of its weights.
 * @throws ThawError `hub.*`; `model.unsupported` where only the whole weights would tell
 */
export async function peek(name: HubName, { settings = hubSettings(), signal, onFound }: PullOptions = {}): Promise<Peeked> {
  const http = new HubHttp(settings);
  try {
    const model = await lookUp(http, name, { signal });
    onFound?.(model);
    const page = `${settings.endpoint}/${model.repo}`;
    if (!model.files.some((file) => file.name === 'config.json'))
      throw new ThawError(
        'model.missing',
        l10n.t('{0} is an adapter to another model. Its layers can only be seen once both are downloaded.', model.repo),
        pullHint(name),
        { path: page },
      );
    if (model.format !== 'safetensors')
      throw new ThawError(
        'model.unsupported',
        l10n.t('The layers of {0} can only be seen once it is downloaded: its weights are in PyTorch’s own format.', model.repo),
        pullHint(name),
        { path: page },
      );
    const headed = model.files.filter((file) => file.name.endsWith('.safetensors'));
    const wanted = model.files.filter((file) => configs.has(file.name));
    const [headers] = await Promise.all([
      mapFiles(headed, (file) => readRemoteHeader(http, model, file, signal)),
      fetchFiles(http, model, wanted, { signal }),
    ]);
    const folder = snapshotFolder(settings.cache, model.repo, model.commit);
    const entries = new Map(headers.flatMap(({ tensors }) => [...tensors]));
    const weights: WeightFiles = {
      path: path.join(folder, headed[0]?.name ?? ''),
      files: [],
      entries: async () => entries,
      read: async () => {
        throw notDownloaded(name);
      },
    };
    return { folder, weights, model };
  } finally {
    await http.close();
  }
}

function notDownloaded(name: HubName): ThawError {
  return new ThawError('model.missing', l10n.t('The weights of {0} are not downloaded yet.', hubNameText(name)), pullHint(name));
}

export function pullHint(name: HubName): string {
  return l10n.t('Download it with "thaw pull {0}", or in VS Code by Change model….', hubNameText(name));
}
