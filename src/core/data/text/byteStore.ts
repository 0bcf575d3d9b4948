import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { asFailure, ThawError } from '../../../protocol/failure';
import { readFully, writeFully } from '../fullIo';
import { lastUpTo } from './lastUpTo';

/** Bytes that are written at a time. */
export const blockBytes = 1 << 20;
const memoryLimit = 32 << 20;

export interface StoreOptions {
  /** Where what is beyond the memory limit is written aside; the system's folder for large temporary files when absent. */
  readonly folder?: string;
  /** Bytes that stay in memory. */
  readonly memoryBytes?: number;
}

/**
 * Bytes with random access that need not fit into memory: the first 32 MB stay there, the rest goes to a file, one after
 * another. The file is gone when the store is closed, and however the process ends.
 */
export class ByteStore {
  private readonly blocks: { start: number; bytes: Buffer }[] = [];
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private total = 0;
  /** Bytes in `blocks`: the file begins after them. */
  private inMemory = 0;
  /** Bytes in `blocks` and in the file together. */
  private settled = 0;
  /** Writing goes one after another, whoever asks for it. */
  private writing: Promise<void> = Promise.resolve();
  private file: FileHandle | null = null;
  private closed = false;
  private readonly folder: string;
  private readonly path: string;
  private readonly limit: number;

  constructor({ folder = largeFilesFolder(), memoryBytes = memoryLimit }: StoreOptions = {}) {
    this.limit = memoryBytes;
    this.folder = folder;
    this.path = join(folder, `thaw-texts-${randomUUID()}`);
  }

  /** Bytes in all. */
  get length(): number {
    return this.total;
  }

  /**
   * Puts bytes at the end; they are the store's from now on.
   * @throws ThawError `io.*`, such as `io.diskFull`
   */
  async append(bytes: Buffer): Promise<void> {
    this.total += bytes.length;
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    if (this.pendingBytes >= blockBytes) await this.flush();
  }

  /** Bytes from `start` to `end`; not to be changed. @throws ThawError `io.*` */
  async read(start: number, end: number): Promise<Buffer> {
    if (end > this.settled) await this.flush();
    if (this.closed || end > this.settled) throw new RangeError(`Bytes ${start}–${end} of ${this.settled}`);
    const parts: Buffer[] = [];
    let at = start;
    for (let i = this.blockAt(start); at < end && at < this.inMemory; i++) {
      const block = this.blocks[i] as { start: number; bytes: Buffer };
      const part = block.bytes.subarray(at - block.start, end - block.start);
      parts.push(part);
      at += part.length;
    }
    if (at < end) parts.push(await this.fromFile(at, end));
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.blocks.length = 0;
    this.pending = [];
    this.pendingBytes = 0;
    await this.writing.catch(() => undefined);
    const { file } = this;
    this.file = null;
    await file?.close();
    if (file) await rm(this.path, { force: true });
  }

  /** Index of the block that holds a position. */
  private blockAt(position: number): number {
    return lastUpTo(this.blocks.length, (i) => (this.blocks[i] as { start: number }).start, position);
  }

  private flush(): Promise<void> {
    this.writing = this.writing.then(() => this.settle());
    return this.writing;
  }

  /** Puts what is pending where it stays: into memory as long as all before it is there too, else at the file's end. */
  private async settle(): Promise<void> {
    if (this.pendingBytes === 0) return;
    const bytes = Buffer.concat(this.pending, this.pendingBytes);
    this.pending = [];
    this.pendingBytes = 0;
    if (!this.file && this.settled + bytes.length <= this.limit) {
      this.blocks.push({ start: this.settled, bytes });
      this.inMemory = this.settled + bytes.length;
    } else {
      try {
        await this.toFile(bytes);
      } catch (error) {
        throw this.failed(error);
      }
    }
    this.settled += bytes.length;
  }

  private async toFile(bytes: Buffer): Promise<void> {
    if (!this.file) {
      await mkdir(this.folder, { recursive: true });
      this.file = await open(this.path, 'wx+', 0o600);
      // It lives on while it is open, and is gone however the process ends; where that is not so, `close` removes it.
      await rm(this.path, { force: true }).catch(() => undefined);
    }
    await writeFully(this.file, bytes, this.settled - this.inMemory);
  }

  private async fromFile(start: number, end: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(end - start);
    await readFully(this.file as FileHandle, bytes, start - this.inMemory, this.path);
    return bytes;
  }

  /** What a person can do about a temporary file that cannot be written. */
  private failed(error: unknown): ThawError {
    const { code, message, detail } = asFailure(error);
    return new ThawError(
      code,
      l10n.t('Texts that are too many for memory cannot be written to {0}: {1}', this.folder, message),
      l10n.t('Free some space there, as much as the data take, or set TMPDIR (on Windows TEMP) to a folder on a larger disk.'),
      { path: this.folder, detail, cause: error },
    );
  }
}

/**
 * The system's folder for temporary files; on Linux the one for large files, as /tmp is often kept in memory there
 * (file-hierarchy(7)).
 */
export function largeFilesFolder(): string {
  if (process.platform !== 'linux' || process.env.TMPDIR) return tmpdir();
  try {
    accessSync('/var/tmp', constants.W_OK);
    return '/var/tmp';
  } catch {
    return tmpdir();
  }
}
