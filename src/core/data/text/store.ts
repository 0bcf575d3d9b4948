import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Growing } from './growing';

const blockBytes = 1 << 20;
const memoryLimit = 32 << 20;

export interface StoreOptions {
  /** Where texts beyond the memory limit are written aside; the system's folder for temporary files when absent. */
  readonly folder?: string;
  /** Bytes of texts that stay in memory. */
  readonly memoryBytes?: number;
}

/**
 * Texts with random access that need not fit into memory: a row is a list of strings, written one after another, in UTF-8
 * as JSON (which keeps halves of surrogate pairs). The first 32 MB stay in memory, the rest goes to a file that `close`
 * removes. In memory for each row: where it begins.
 */
export class TextStore {
  private readonly starts = new Growing(new Float64Array(1024));
  private readonly blocks: { start: number; bytes: Buffer }[] = [];
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private end = 0;
  /** Bytes in `blocks`: the file begins after them. */
  private inMemory = 0;
  private file: FileHandle | null = null;
  private readonly path: string;
  private readonly limit: number;

  constructor(private readonly options: StoreOptions = {}) {
    this.limit = options.memoryBytes ?? memoryLimit;
    this.path = join(options.folder ?? tmpdir(), `thaw-texts-${randomUUID()}`);
  }

  get count(): number {
    return this.starts.length;
  }

  /** @returns bytes of the row */
  async add(fields: readonly string[]): Promise<number> {
    const bytes = Buffer.from(JSON.stringify(fields));
    this.starts.push(this.end);
    this.end += bytes.length;
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    if (this.pendingBytes >= blockBytes) await this.flush();
    return bytes.length;
  }

  bytesOf(row: number): number {
    return this.endOf(row) - this.starts.at(row);
  }

  async read(row: number): Promise<string[]> {
    const [start, end] = [this.starts.at(row), this.endOf(row)];
    return JSON.parse((await this.bytes(start, end)).toString()) as string[];
  }

  /** All rows in order; a block is in memory at a time. */
  async *readAll(): AsyncGenerator<{ row: number; fields: string[] }> {
    for (let row = 0; row < this.count; ) {
      const start = this.starts.at(row);
      let last = row;
      while (last + 1 < this.count && this.endOf(last + 1) - start <= blockBytes) last++;
      const bytes = await this.bytes(start, this.endOf(last));
      for (; row <= last; row++) {
        const text = bytes.toString('utf8', this.starts.at(row) - start, this.endOf(row) - start);
        yield { row, fields: JSON.parse(text) as string[] };
      }
    }
  }

  async close(): Promise<void> {
    this.blocks.length = 0;
    this.pending = [];
    await this.file?.close();
    this.file = null;
    await rm(this.path, { force: true });
  }

  private endOf(row: number): number {
    return row + 1 < this.starts.length ? this.starts.at(row + 1) : this.end;
  }

  /** Puts what is pending where it stays: into memory as long as all before it is there too, else at the file's end. */
  private async flush(): Promise<void> {
    if (this.pendingBytes === 0) return;
    const bytes = Buffer.concat(this.pending, this.pendingBytes);
    const start = this.end - this.pendingBytes;
    if (!this.file && start + bytes.length <= this.limit) {
      this.blocks.push({ start, bytes });
      this.inMemory = start + bytes.length;
    } else {
      if (!this.file) {
        if (this.options.folder) await mkdir(this.options.folder, { recursive: true });
        this.file = await open(this.path, 'wx+', 0o600);
        // It lives on while it is open, and is gone however the process ends; where that is not so, `close` removes it.
        await rm(this.path, { force: true }).catch(() => undefined);
      }
      for (let written = 0; written < bytes.length; ) {
        const at = start + written - this.inMemory;
        written += (await this.file.write(bytes, written, bytes.length - written, at)).bytesWritten;
      }
    }
    this.pending = [];
    this.pendingBytes = 0;
  }

  /** Bytes from `start` to `end`, which may lie in several blocks. */
  private async bytes(start: number, end: number): Promise<Buffer> {
    await this.flush();
    const parts: Buffer[] = [];
    let at = start;
    for (let i = blockAt(this.blocks, start); at < end && at < this.inMemory; i++) {
      const block = this.blocks[i] as { start: number; bytes: Buffer };
      const part = block.bytes.subarray(at - block.start, end - block.start);
      parts.push(part);
      at += part.length;
    }
    if (at < end) parts.push(await this.fromFile(at, end));
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  private async fromFile(start: number, end: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(end - start);
    for (let read = 0; read < bytes.length; ) {
      const at = start + read - this.inMemory;
      const { bytesRead } = await (this.file as FileHandle).read(bytes, read, bytes.length - read, at);
      if (bytesRead === 0) throw new Error(`${this.path} is shorter than it was`);
      read += bytesRead;
    }
    return bytes;
  }
}

/** Index of the block that holds a position. */
function blockAt(blocks: readonly { start: number }[], position: number): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((blocks[middle] as { start: number }).start <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
