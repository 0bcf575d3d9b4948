import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Address {
  readonly address: string;
  /** Removes the socket and its folder. */
  remove(): Promise<void>;
}

/** `sockaddr_un` holds 104 bytes on macOS, 108 on Linux, the closing zero included. */
const longestSocketPath = 103;

/**
 * A fresh address for a local socket that only this user can open: a socket in a folder of mode 0700, whose path is
 * short enough for every system; on Windows a named pipe that cannot be guessed.
 */
export async function newAddress(): Promise<Address> {
  if (process.platform === 'win32') {
    return { address: `\\\\.\\pipe\\thaw-${randomBytes(16).toString('hex')}`, remove: async () => {} };
  }
  const name = 'thaw-XXXXXX/run';
  const parent = Buffer.byteLength(path.join(tmpdir(), name)) <= longestSocketPath ? tmpdir() : '/tmp';
  const folder = await mkdtemp(path.join(parent, 'thaw-'));
  return { address: path.join(folder, 'run'), remove: () => rm(folder, { recursive: true, force: true }) };
}
