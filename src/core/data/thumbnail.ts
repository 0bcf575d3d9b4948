import { readFile } from 'node:fs/promises';
import { pipelineOf, readHeader } from './picture';

/**
 * The middle of a picture as a square of `side` pixels, upright, on white where it is transparent.
 * @returns a JPEG file, or null where the file cannot be decoded or has too many pixels
 */
export async function thumbnail(path: string, side: number): Promise<Uint8Array | null> {
  try {
    const bytes = await readFile(path);
    const header = await readHeader(bytes);
    return await pipelineOf(bytes, header).resize(side, side, { fit: 'cover', kernel: 'linear' }).jpeg({ quality: 80 }).toBuffer();
  } catch {
    return null;
  }
}
