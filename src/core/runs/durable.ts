import { constants } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file and waits until the disk has it. */
export async function writeFlushed(path: string, bytes: string | Uint8Array | Iterable<string>): Promise<void> {
  const file = await open(path, 'w');
  try {
    await writeFile(file, bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes a folder's list of names, so that a rename in it outlives a power cut. Windows has no such call and needs none. */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes a file aside, flushes it and renames it: a reader sees the old content or the new, never half. */
export async function replaceFile(path: string, bytes: string | Uint8Array | Iterable<string>): Promise<void> {
  const aside = `${path}.tmp`;
  await writeFlushed(aside, bytes);
  await rename(aside, path);
  await flushFolder(dirname(path));
}
