import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { cpus, homedir } from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { version } from '../../../../package.json';
import { type ComputeDevice, deviceNames } from '../../../protocol/runConfig';

/** What a finding depends on besides machine and version. */
export interface Circumstances {
  readonly devices: readonly ComputeDevice[];
  readonly threads: number;
}

/** Which device was the quickest on this machine; finding that out takes seconds. */
export interface DeviceMemory {
  quickest(key: Circumstances): Promise<ComputeDevice | null>;
  keep(key: Circumstances, device: ComputeDevice): Promise<void>;
  forget(key: Circumstances): Promise<void>;
}

const schema = z.record(z.string(), z.enum(deviceNames).exclude(['auto']));

/** In a file of the user's cache; one that cannot be read or written is as good as none. */
export class DeviceFile implements DeviceMemory {
  constructor(private readonly file = path.join(cacheFolder(), 'thaw', 'devices.json')) {}

  async quickest(key: Circumstances): Promise<ComputeDevice | null> {
    return (await this.read())[textOf(key)] ?? null;
  }

  async keep(key: Circumstances, device: ComputeDevice): Promise<void> {
    await this.write({ ...(await this.read()), [textOf(key)]: device });
  }

  async forget(key: Circumstances): Promise<void> {
    const { [textOf(key)]: _, ...others } = await this.read();
    await this.write(others);
  }

  private async read(): Promise<z.infer<typeof schema>> {
    try {
      return schema.parse(JSON.parse(await readFile(this.file, 'utf8')));
    } catch {
      return {};
    }
  }

  private async write(known: z.infer<typeof schema>): Promise<void> {
    try {
      await mkdir(path.dirname(this.file), { recursive: true });
      const aside = `${this.file}.${process.pid}`;
      await writeFile(aside, JSON.stringify(known));
      await rename(aside, this.file);
    } catch {} // found out again next time
  }
}

function textOf({ devices, threads }: Circumstances): string {
  return [version, `${process.platform}-${process.arch}`, cpus()[0]?.model ?? '', devices.join(), threads].join('|');
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'win32') return LOCALAPPDATA ?? path.join(homedir(), 'AppData/Local');
  if (process.platform === 'darwin') return path.join(homedir(), 'Library/Caches');
  return XDG_CACHE_HOME || path.join(homedir(), '.cache');
}
