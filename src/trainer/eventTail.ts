import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

export interface EventLine {
  readonly seq: number;
  /** The event as JSON, without the line's end. */
  readonly json: string;
}

const chunkBytes = 64 * 1024;

/**
 * Reads `events.ndjson` from its beginning in small pieces, and goes on where it stopped when the file has grown.
 * Lines that do not parse (torn by a crash) are skipped.
 */
export class EventTail {
  private file: FileHandle | undefined;
  private position = 0;
  private rest = '';
  private readonly decoder = new StringDecoder('utf8');
  private readonly buffer = Buffer.alloc(chunkBytes);

  constructor(private readonly path: string) {}

  /** The whole lines of the next 64 KiB; null at the end of what is written so far. */
  async next(): Promise<EventLine[] | null> {
    this.file ??= await open(this.path, 'r');
    const { bytesRead } = await this.file.read(this.buffer, 0, chunkBytes, this.position);
    if (bytesRead === 0) return null;
    this.position += bytesRead;
    const lines = (this.rest + this.decoder.write(this.buffer.subarray(0, bytesRead))).split('\n');
    this.rest = lines.pop() ?? '';
    return lines.flatMap((json) => {
      const seq = seqOf(json);
      return seq === null ? [] : [{ seq, json }];
    });
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }
}

function seqOf(line: string): number | null {
  try {
    const seq = (JSON.parse(line) as { seq?: unknown } | null)?.seq;
    return typeof seq === 'number' ? seq : null;
  } catch {
    return null;
  }
}
