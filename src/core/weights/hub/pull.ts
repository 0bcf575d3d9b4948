import { findModel, type Snapshot, snapshotFolder, writeRef } from './cache';
import { fetchFiles, type PullProgress } from './fetchFiles';
import { HubHttp } from './http';
import { type HubModel, lookUp } from './lookup';
import type { HubName } from './name';
import { type HubSettings, hubSettings } from './settings';

export interface PullOptions {
  readonly settings?: HubSettings;
  readonly signal?: AbortSignal;
  /** Once it is known what will be fetched. */
  readonly onFound?: (model: HubModel) => void;
  readonly onProgress?: (progress: PullProgress) => void;
}

export interface Pulled extends Snapshot {
  readonly name: HubName;
  /** How many bytes had to be fetched now; 0 where all of it was there. */
  readonly fetched: number;
}

/**
 * Brings a model of the hub into the cache, each needed file once; offline, one that is there already is enough.
 * @throws ThawError `hub.*` | `model.unsupported` | `io.diskFull`; the signal's reason
 */
export async function pull(name: HubName, options: PullOptions = {}): Promise<Pulled> {
  const { settings = hubSettings(), signal, onFound, onProgress } = options;
  const { cache } = settings;
  if (settings.offline) {
    const there = await findModel(cache, name);
    if (there) return { ...there, name, fetched: 0 };
  }
  const http = new HubHttp(settings);
  try {
    const model = await lookUp(http, name, { signal, onWait: (waiting) => onProgress?.({ done: 0, total: 0, waiting }) });
    onFound?.(model);
    const fetched = await fetchFiles(http, model, model.files, { signal, onProgress });
    // Last, so that a branch never points at half a model.
    await writeRef(cache, name, model.commit);
    return { folder: snapshotFolder(cache, model.repo, model.commit), commit: model.commit, name, fetched };
  } finally {
    await http.close();
  }
}
