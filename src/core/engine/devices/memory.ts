import { cpus } from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { version } from '../../../../package.json';
import { type ComputeDevice, deviceNames } from '../../../protocol/runConfig';
import { CacheFile, cacheFolder } from '../cacheFile';

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

export class DeviceFile implements DeviceMemory {
  private readonly known: CacheFile<ComputeDevice>;

  constructor(file = path.join(cacheFolder(), 'devices.json')) {
    this.known = new CacheFile(file, z.enum(deviceNames).exclude(['auto']));
  }

  quickest(key: Circumstances): Promise<ComputeDevice | null> {
    return this.known.get(textOf(key));
  }

  keep(key: Circumstances, device: ComputeDevice): Promise<void> {
    return this.known.set(textOf(key), device);
  }

  forget(key: Circumstances): Promise<void> {
    return this.known.set(textOf(key), null);
  }
}

function textOf({ devices, threads }: Circumstances): string {
  return [version, `${process.platform}-${process.arch}`, cpus()[0]?.model ?? '', devices.join(), threads].join('|');
}
