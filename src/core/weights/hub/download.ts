import { open, rename, rm, stat } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import type { Response } from 'undici';
import { ThawError } from '../../../protocol/failure';
import { feed, hasherFor } from './digest';
import { isPassing, strange, unreachable } from './failures';
import type { HubHttp } from './http';
import { withLock } from './lock';
import type { HubFile } from './lookup';

export interface Download {
  readonly url: string;
  readonly file: HubFile;
  /** Where its bytes go once they are all there and are the right ones. */
  readonly blob: string;
  readonly signal?: AbortSignal;
  /** Bytes of the file that are there; fewer than before where it had to begin anew. */
  readonly onBytes?: (done: number) => void;
  readonly onWait?: (seconds: number) => void;
}

/**
 * Fetches a file into the cache. What a broken download left (`<blob>.incomplete`, ours or Hugging Face's) is gone on with;
 * only bytes with the right hash get the blob's name. @huggingface/hub's downloadFileToCacheDir neither resumes nor checks
 * nor can be stopped, and names blobs otherwise than Python's tools do.
 * @throws ThawError `hub.*` | `io.diskFull`; the signal's reason
 */
export async function downloadBlob(http: HubHttp, download: Download): Promise<void> {
  const part = `${download.blob}.incomplete`;
  await withLock(`${part}.lock`, download.signal, async () => {
    if (await sizeOf(download.blob)) return void download.onBytes?.(download.file.size); // another process was quicker
    const begun = await sizeOf(part);
    if (await fill(http, download, part)) return rename(part, download.blob);
    await rm(part, { force: true });
    // What was there before may have been another's, or damaged: that is not the hub's fault.
    if (begun > 0 && (await fill(http, download, part))) return rename(part, download.blob);
    await rm(part, { force: true });
    throw new ThawError(
      'hub.corrupt',
      l10n.t('{0} arrived with other bytes than the hub promises. It was deleted.', download.file.name),
      l10n.t('Try again; if it stays so, a proxy on the way or the hub itself has a damaged copy.'),
      { path: download.url },
    );
  });
}

/** Brings the part to its full size. @returns whether its hash is the promised one */
async function fill(http: HubHttp, download: Download, part: string): Promise<boolean> {
  const { url, file, signal, onBytes } = download;
  if ((await sizeOf(part)) > file.size) await rm(part);
  let hash = hasherFor(file);
  const handle = await open(part, 'a+');
  try {
    let done = (await handle.stat()).size;
    await feed(hash, part, signal);
    onBytes?.(done);
    for (let attempt = 1; done < file.size; attempt++) {
      const before = done;
      try {
        const response = await http.ask(url, {
          ...download,
          method: 'GET',
          headers: { 'accept-encoding': 'identity', ...(done > 0 && { range: `bytes=${done}-` }) },
          accept: (status) => status === 416,
        });
        if (done > 0 && !goesOnAt(response, done)) {
          // Ranges are not served, or not this one: from the beginning.
          await handle.truncate(0);
          done = 0;
          hash = hasherFor(file);
        } else if (response.status === 416) throw strange(url, new Error('status 416 for the whole file'));
        if (response.status === 416) {
          await response.body?.cancel();
          continue;
        }
        for await (const chunk of response.body ?? []) {
          const bytes = chunk as Uint8Array;
          if (done + bytes.length > file.size) return false;
          await handle.writeFile(bytes);
          hash?.update(bytes);
          done += bytes.length;
          onBytes?.(done);
        }
        if (done < file.size) throw Object.assign(new Error('the answer ended early'), { code: 'ECONNRESET' });
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof ThawError || isOfDisk(error)) throw error;
        if (done > before) attempt = 1;
        if (attempt >= http.settings.patience.attempts || !isPassing(error)) throw unreachable(url, error);
        await http.wait(http.pause(attempt), download);
      }
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash === null || hash.digest('hex') === file.etag;
}

/** Whether the answer is the rest of the file, from where we stand. */
function goesOnAt({ status, headers }: Response, position: number): boolean {
  return status === 206 && Number(/^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1]) === position;
}

/** A failure of a system call on a file, not of the network. */
function isOfDisk(error: unknown): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall === 'write' || syscall === 'open' || syscall === 'fsync' || syscall === 'ftruncate';
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
