import { mkdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import { mapFiles } from '../../data/concurrent';
import { blobPath, findModel, isCached, link, type Snapshot, snapshotFolder, writeRef } from './cache';
import { downloadBlob } from './download';
import { HubHttp } from './http';
import { fileUrl, type HubFile, type HubModel, lookUp } from './lookup';
import { type HubName, hubNameText } from './name';
import { type HubSettings, hubSettings } from './settings';

/** How far a download is, bytes; `waiting` in seconds while the hub or the network makes us wait. */
export interface PullProgress {
  readonly done: number;
  readonly total: number;
  readonly waiting?: number;
}

export interface PullOptions {
  readonly settings?: HubSettings;
  readonly signal?: AbortSignal;
  /** Once it is known what will be fetched. */
  readonly onFound?: (model: HubModel) => void;
  readonly onProgress?: (progress: PullProgress) => void;
}

export interface Pulled extends Snapshot {
  readonly name: HubName;
  /** What the snapshot's files take. */
  readonly bytes: number;
  /** How much of it had to be fetched now. */
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
    if (there) return { ...there, name, bytes: 0, fetched: 0 };
  }
  const http = new HubHttp(settings);
  let done = 0;
  let total = 0;
  const onWait = (waiting: number) => onProgress?.({ done, total, waiting });
  try {
    const model = await lookUp(http, name, { signal, onWait });
    onFound?.(model);
    const missing = await absent(cache, model);
    total = missing.reduce((sum, { size }) => sum + size, 0);
    await makeRoom(cache, model, total);
    await together(missing, signal, async (file, signal) => {
      let mine = 0;
      const onBytes = (bytes: number) => {
        done += bytes - mine;
        mine = bytes;
        onProgress?.({ done, total });
      };
      const blob = blobPath(cache, model.repo, file.etag);
      await downloadBlob(http, { url: fileUrl(http, model.repo, model.commit, file.name), file, blob, signal, onBytes, onWait });
    });
    const folder = snapshotFolder(cache, model.repo, model.commit);
    for (const file of model.files) await link(blobPath(cache, model.repo, file.etag), path.join(folder, ...file.name.split('/')));
    // Last, so that a branch never points at half a model.
    await writeRef(cache, name, model.commit);
    return { folder, commit: model.commit, name, bytes: model.bytes, fetched: total };
  } catch (error) {
    throw ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '') ? full(cache, name, total - done) : error;
  } finally {
    await http.close();
  }
}

/** Some files at a time; where one fails the others end at once, with what they have kept for the next time. */
async function together(
  files: readonly HubFile[],
  signal: AbortSignal | undefined,
  work: (file: HubFile, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
  await mapFiles(files, (file) => work(file, either).catch((error: unknown) => failed.abort(error)));
  either.throwIfAborted();
}

/** Files that are not there, each blob once: two names may stand for the same bytes. */
async function absent(cache: string, { repo, commit, files }: HubModel): Promise<HubFile[]> {
  const found = new Map<string, HubFile>();
  for (const file of files) {
    const place = path.join(snapshotFolder(cache, repo, commit), ...file.name.split('/'));
    if (!(await isCached(blobPath(cache, repo, file.etag), place, file.size))) found.set(file.etag, file);
  }
  return [...found.values()];
}

/** Makes the folder of the blobs, on a disk that can hold them. */
async function makeRoom(cache: string, model: HubModel, bytes: number): Promise<void> {
  const blobs = path.dirname(blobPath(cache, model.repo, 'x'));
  await mkdir(blobs, { recursive: true });
  const { bavail, bsize } = await statfs(blobs);
  if (bytes > bavail * bsize) throw full(cache, model, bytes);
}

function full(cache: string, name: HubName, bytes: number): ThawError {
  return new ThawError(
    'io.diskFull',
    l10n.t('The disk has no room for {0}: {1} MB are still to come.', hubNameText(name), Math.ceil(bytes / 1e6)),
    l10n.t('Free some space, or let the cache lie elsewhere by HF_HUB_CACHE; what is downloaded already is kept.'),
    { path: cache },
  );
}
