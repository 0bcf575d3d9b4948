import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { HubFile } from './lookup';

/** The hash by which the hub names a file's bytes: SHA-256, or git's SHA-1 of a blob; null for one that is neither. */
export function hasherFor({ etag, size }: HubFile): Hash | null {
  if (/^[0-9a-f]{64}$/.test(etag)) return createHash('sha256');
  if (/^[0-9a-f]{40}$/.test(etag)) return createHash('sha1').update(`blob ${size}\0`);
  return null;
}

/** Feeds a file's bytes, as far as they are there. */
export async function feed(hash: Hash | null, file: string, signal?: AbortSignal): Promise<void> {
  if (!hash) return;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, signal })) hash.update(chunk as Buffer);
}
