import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import * as z from 'zod';

/** Findings about this machine by name, in a file of the user's cache; one that cannot be read or written is as good as none. */
export class CacheFile<T extends string> {
  private readonly schema;

  constructor(
    private readonly file: string,
    value: z.ZodType<T>,
  ) {
    this.schema = z.record(z.string(), value);
  }

  async get(key: string): Promise<T | null> {
    return (await this.read())[key] ?? null;
  }

  /** @param value null to forget it */
  async set(key: string, value: T | null): Promise<void> {
    const { [key]: _, ...others } = await this.read();
    try {
      await mkdir(path.dirname(this.file), { recursive: true });
      const aside = `${this.file}.${process.pid}`;
      await writeFile(aside, JSON.stringify(value === null ? others : { ...others, [key]: value }));
      await rename(aside, this.file);
    } catch {} // found out again next time
  }

  private async read(): Promise<Record<string, T>> {
    try {
      return this.schema.parse(JSON.parse(await readFile(this.file, 'utf8')));
    } catch {
      return {};
    }
  }
}

/** Where findings are kept. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'win32') return path.join(LOCALAPPDATA ?? path.join(homedir(), 'AppData/Local'), 'thaw');
  if (process.platform === 'darwin') return path.join(homedir(), 'Library/Caches/thaw');
  return path.join(XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'thaw');
}
