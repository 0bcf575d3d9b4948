import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** A folder on the way down from the root. */
export interface Folder {
  readonly name: string;
  /** Relative to the root, with `/`; '' is the root. */
  readonly path: string;
  /** Real paths from the root to this folder, itself last: a link to or above one of them leads in circles. */
  readonly chain: readonly string[];
}

export interface Listing {
  readonly folders: Folder[];
  /** Relative to the root, with `/`. */
  readonly files: string[];
}

/** What systems and editors leave behind; hidden names besides. */
const clutter = new Set(['thumbs.db', 'ehthumbs.db', 'desktop.ini', '__macosx', '@eadir', '$recycle.bin']);
const isClutter = (name: string) => name.startsWith('.') || clutter.has(name.toLowerCase());

/** Sorts by name as every system does alike: by code units, not by the locale. */
export const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Lists folders below a root. Symbolic links are followed unless they lead back up, or to a folder that the same `tree`
 * has been through; those are kept in `links`. Folders that may not be read are kept in `closed`.
 */
export class Walker {
  readonly links: string[] = [];
  readonly closed: string[] = [];

  constructor(private readonly root: string) {}

  async top(): Promise<Folder> {
    return { name: '', path: '', chain: [await realpath(this.root)] };
  }

  /** One level, sorted by name. */
  async list(folder: Folder): Promise<Listing> {
    let entries: Dirent[];
    try {
      entries = await readdir(join(this.root, folder.path), { withFileTypes: true });
    } catch (error) {
      if (folder.path === '') throw error;
      this.closed.push(folder.path);
      return { folders: [], files: [] };
    }
    const listing: Listing = { folders: [], files: [] };
    for (const entry of entries.sort((a, b) => byName(a.name, b.name))) {
      if (isClutter(entry.name)) continue;
      const path = folder.path ? `${folder.path}/${entry.name}` : entry.name;
      const here = folder.chain.at(-1) as string;
      if (entry.isDirectory()) listing.folders.push({ name: entry.name, path, chain: [...folder.chain, join(here, entry.name)] });
      else if (entry.isFile()) listing.files.push(path);
      else if (entry.isSymbolicLink()) await this.follow(entry.name, path, folder, listing);
    }
    return listing;
  }

  private async follow(name: string, path: string, folder: Folder, listing: Listing): Promise<void> {
    const at = join(this.root, path);
    try {
      const target = await stat(at);
      if (target.isFile()) listing.files.push(path);
      if (!target.isDirectory()) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ELOOP') this.links.push(path);
      else listing.files.push(path); // a dangling link is a file that cannot be read
      return;
    }
    const real = await realpath(at);
    const leadsUp = folder.chain.some((above) => above === real || above.startsWith(real.endsWith(sep) ? real : real + sep));
    if (leadsUp) this.links.push(path);
    else listing.folders.push({ name, path, chain: [...folder.chain, real] });
  }

  /** All files below, every real folder once. */
  async tree(folder: Folder): Promise<string[]> {
    const files: string[] = [];
    const seen = new Set<string>();
    const open = [folder];
    for (let next = open.pop(); next; next = open.pop()) {
      const real = next.chain.at(-1) as string;
      if (seen.has(real)) {
        this.links.push(next.path);
        continue;
      }
      seen.add(real);
      const listing = await this.list(next);
      for (const file of listing.files) files.push(file); // no spread: there may be more than the stack holds
      open.push(...listing.folders.reverse());
    }
    return files;
  }
}
