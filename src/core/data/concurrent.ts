import { availableParallelism } from 'node:os';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';

/** How many files are worked on at once: decoding runs in libuv's threads, so a few more than those keep them busy. */
export const filesAtOnce = Math.min(16, availableParallelism() + 4);

/** @throws ThawError `interrupted` once the signal has been given. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw new ThawError('interrupted', l10n.t('Looking at the data was cancelled.'), l10n.t('Open the folder again.'));
}

/**
 * Maps items, at most `filesAtOnce` at a time; results are in the order of the items. After the first error, or the
 * signal, no further item is begun; it rejects once those under way have ended.
 */
export async function mapFiles<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < items.length && !failed) {
      const i = next++;
      try {
        throwIfAborted(signal);
        results[i] = await work(items[i] as T, i);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.min(filesAtOnce, items.length) }, worker));
  for (const end of workers) if (end.status === 'rejected') throw end.reason;
  return results;
}

/**
 * Yields make(0) … make(count − 1) in order, with up to `depth` of them under way ahead of the reader. An error comes
 * where its turn is. A reader who leaves early leaves no unhandled rejection behind.
 */
export async function* prefetched<T>(count: number, make: (i: number) => Promise<T>, depth: number): AsyncGenerator<T> {
  const ahead: Promise<T>[] = [];
  const begin = (i: number) => {
    const promise = make(i);
    promise.catch(() => {}); // reported when its turn comes, if it comes
    ahead.push(promise);
  };
  let begun = 0;
  for (let i = 0; i < count; i++) {
    while (begun < count && begun < i + Math.max(1, depth)) begin(begun++);
    yield await (ahead.shift() as Promise<T>);
  }
}
