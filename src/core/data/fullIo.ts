import type { FileHandle } from 'node:fs/promises';

/** Writes all of some bytes from a position on: one call may write fewer. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; )
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
}

/** Fills some bytes from a position on. @param path of the file, for what is thrown where it ends before */
export async function readFully(file: FileHandle, bytes: Uint8Array, position: number, path: string): Promise<void> {
  for (let read = 0; read < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, read, bytes.length - read, position + read);
    if (bytesRead === 0) throw new Error(`${path} is shorter than it was`);
    read += bytesRead;
  }
}
