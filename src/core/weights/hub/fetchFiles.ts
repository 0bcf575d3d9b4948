import { mkdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import { mapFiles } from '../../data/concurrent';
import { blobPath, isCached, link, snapshotFolder } from './cache';
import { downloadBlob } from './download';
import type { HubHttp } from './http';
import { fileUrl, type HubFile, type HubModel } from './lookup';
import { type HubName, hubNameText } from './name';

/** How far a download is, bytes; `waiting` in seconds while the hub or the network makes us wait. */
export interface PullProgress {
  readonly done: number;
  readonly total: number;
  readonly waiting?: number;
}

export interface Fetching {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PullProgress) => void;
}

/**
 * Brings files of a model into the cache and into the snapshot of its commit; those that are there already are left.
 * @returns how many bytes were to be fetched
 * @throws ThawError `hub.*` | `io.diskFull`; the signal's reason
 */
export async function fetchFiles(
  http: HubHttp,
  model: HubModel,
  files: readonly HubFile[],
  { signal, onProgress }: Fetching,
): Promise<number> {
  const { cache } = http.settings;
  const { blob, place } = placesOf(cache, model);
  const missing = await missingFiles(cache, model, files);
  const total = sizeOf(missing);
  let done = 0;
  const onWait = (waiting: number) => onProgress?.({ done, total, waiting });
  try {
    await makeRoom(cache, model, total);
    await together(missing, signal, async (file, signal) => {
      let mine = 0;
      const onBytes = (bytes: number) => {
        done += bytes - mine;
        mine = bytes;
        onProgress?.({ done, total });
      };
      const url = fileUrl(http, model.repo, model.commit, file.name);
      await downloadBlob(http, { url, file, blob: blob(file), signal, onBytes, onWait });
    });
    for (const file of files) await link(blob(file), place(file));
    return total;
  } catch (error) {
    throw ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '') ? full(cache, model, total - done) : error;
  }
}

function placesOf(cache: string, { repo, commit }: HubModel) {
  return {
    blob: ({ etag }: HubFile) => blobPath(cache, repo, etag),
    place: ({ name }: HubFile) => path.join(snapshotFolder(cache, repo, commit), ...name.split('/')),
  };
}

/** Files that are not in the cache, each blob once: two names may stand for the same bytes. */
export async function missingFiles(cache: string, model: HubModel, files = model.files): Promise<HubFile[]> {
  const { blob, place } = placesOf(cache, model);
  const missing = new Map<string, HubFile>();
  for (const file of files) if (!(await isCached(blob(file), place(file), file.size))) missing.set(file.etag, file);
  return [...missing.values()];
}

export function sizeOf(files: readonly HubFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
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
