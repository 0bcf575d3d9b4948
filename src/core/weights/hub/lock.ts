import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { isAlive } from '../../runs/process';

/** A lock that names nobody is a process that died between two system calls. */
const namelessMs = 10_000;
const pauseMs = 100;

/**
 * Does something while no other Thaw does the same: two windows may want one model. Hugging Face's tools lock by flock,
 * which Node does not have; against them, the hash is what protects.
 */
export async function withLock<T>(lock: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  while (!(await taken(lock))) {
    if (await isStale(lock)) await rm(lock, { force: true });
    else await setTimeout(pauseMs);
    signal?.throwIfAborted();
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(lock: string): Promise<boolean> {
  const [found, holder] = await Promise.all([stat(lock).catch(() => null), readFile(lock, 'utf8').catch(() => '')]);
  if (!found) return false;
  return holder === '' ? Date.now() - found.mtimeMs > namelessMs : !isAlive(Number(holder));
}
