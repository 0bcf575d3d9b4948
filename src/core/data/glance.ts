import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasImageName } from './kinds';

/** Folders of a folder that are looked into. */
const looked = 4;

/** Whether pictures show at a glance: in the folder itself, or in one of its first folders. Nothing is said by a no. */
export async function showsPictures(root: string): Promise<boolean> {
  if (hasImageName(root)) return true;
  const top = await glance(root);
  if (top.picture) return true;
  for (const name of top.folders) if ((await glance(join(root, name))).picture) return true;
  return false;
}

/** Reads a folder as far as its first picture. */
async function glance(folder: string): Promise<{ picture: boolean; folders: string[] }> {
  const folders: string[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      if (entry.isFile() && hasImageName(entry.name)) return { picture: true, folders };
      if (entry.isDirectory() && !entry.name.startsWith('.') && folders.length < looked) folders.push(entry.name);
    }
  } catch {
    // Not a folder, or one that may not be read: whoever reads it all says so.
  }
  return { picture: false, folders };
}
