import { read } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import yauzl from 'yauzl';

const readAt = promisify(read);
const chunkBytes = 2 ** 20;

/**
 * A zip's bytes for yauzl, of a file that stays open. A damaged directory may point anywhere; asked of the file system
 * itself, such a place throws where nobody can catch it.
 */
export class ZipReader extends yauzl.RandomAccessReader {
  constructor(
    private readonly descriptor: number,
    private readonly size: number,
  ) {
    super();
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (this.holds(position, position + length)) read(this.descriptor, buffer, offset, length, position, callback);
    else setImmediate(callback, outside());
  }

  // Not node's own file stream: destroying one closes the descriptor.
  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.chunks(start, end), { objectMode: false });
  }

  private async *chunks(start: number, end: number): AsyncGenerator<Buffer> {
    if (!this.holds(start, end)) throw outside();
    for (let at = start; at < end; ) {
      const buffer = Buffer.alloc(Math.min(chunkBytes, end - at));
      const { bytesRead } = await readAt(this.descriptor, buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw outside();
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  private holds(start: number, end: number): boolean {
    return Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= this.size;
  }
}

const outside = () => new RangeError('it points outside of itself');
