import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { kindBytes, kindOf, looksCutOff, tailBytes } from './kinds';
import { PictureError, type PictureHeader, pipelineOf, readHeader, reasonOf } from './picture';

/** What one file turned out to be: its SHA-256, or why it is left out. */
export type Inspection = { readonly hash: string } | { readonly fault: PictureError };

const chunkBytes = 1 << 18;

/**
 * Reads a file once in pieces: first bytes (which kind), all bytes (hash), last bytes (cut off?), and the header for its
 * size. A file that looks cut off is decoded to be sure; of the others only the header is understood.
 */
export async function inspectFile(path: string): Promise<Inspection> {
  try {
    const { hash, head, tail, size } = await digest(path);
    const header = await readHeader({ path, head, size });
    if (looksCutOff(header.kind, tail)) await decodeWhole(await readFile(path), header);
    return { hash };
  } catch (error) {
    return { fault: error instanceof PictureError ? error : new PictureError('unreadable', reasonOf(error), { cause: error }) };
  }
}

/** @throws PictureError before a large file that is no picture is read to its end */
async function digest(path: string): Promise<{ hash: string; head: Buffer; tail: Buffer; size: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1, size)));
    const hash = createHash('sha256');
    let head = Buffer.alloc(0);
    let tail = Buffer.alloc(0);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      if (head.length === 0) {
        head = Buffer.from(chunk.subarray(0, 128));
        if (kindOf(head.subarray(0, kindBytes)) === 'other') break; // readHeader says what is wrong
      }
      hash.update(chunk);
      tail = Buffer.from(bytesRead >= tailBytes ? chunk.subarray(-tailBytes) : Buffer.concat([tail, chunk]).subarray(-tailBytes));
    }
    return { hash: hash.digest('hex'), head, tail, size };
  } finally {
    await file.close();
  }
}

/** Decodes all of a picture, at little cost in memory. @throws PictureError where it is damaged */
export async function decodeWhole(bytes: Uint8Array, header: PictureHeader): Promise<void> {
  try {
    await pipelineOf(bytes, header).resize(8, 8, { fit: 'fill' }).raw().toBuffer();
  } catch (error) {
    throw new PictureError('unreadable', reasonOf(error), { cause: error });
  }
}
