import { type FileHandle, open, rm } from 'node:fs/promises';

/**
 * What the frozen part of a model gives for each example and view, kept so that it is computed once. The first values stay
 * in memory, up to a limit; the rest go to a file with random access. A store belongs to one `key` (frozen part, its values):
 * another key wants another store. Examples may be of different widths, each of always the same.
 */
export class FeatureStore {
  /** Rows in memory, and where the others begin in the file, in bytes. */
  private readonly rows = new Map<string, Float32Array | number>();
  private room: number;
  private end = 0;
  private file: FileHandle | null = null;

  constructor(
    readonly key: string,
    memoryLimitBytes: number,
    /** Made when the memory is used up, and removed with the store. */
    private readonly spillPath: string,
  ) {
    this.room = memoryLimitBytes;
  }

  has(view: number, example: number): boolean {
    return this.rows.has(`${view}/${example}`);
  }

  /** Keeps the first `examples.length` rows of `given` [n, width]; examples that are there already stay as they are. */
  async put(view: number, examples: readonly number[], given: Float32Array, width: number): Promise<void> {
    for (const [i, example] of examples.entries()) {
      if (this.has(view, example)) continue;
      const row = given.slice(i * width, (i + 1) * width);
      if (row.byteLength <= this.room) {
        this.room -= row.byteLength;
        this.rows.set(`${view}/${example}`, row);
        continue;
      }
      this.room = 0; // what comes later goes to the file too, in the order in which it came
      await this.writeRow(this.end, row);
      this.rows.set(`${view}/${example}`, this.end);
      this.end += row.byteLength;
    }
  }

  /** [examples.length, width] in their order. All of them must be there. */
  async read(view: number, examples: readonly number[], width: number): Promise<Float32Array> {
    const found = new Float32Array(examples.length * width);
    await Promise.all(
      examples.map(async (example, i) => {
        const kept = this.rows.get(`${view}/${example}`);
        if (kept === undefined) throw new Error(`Features of example ${example}, view ${view} are not there`);
        const target = found.subarray(i * width, (i + 1) * width);
        if (typeof kept === 'number') await this.readRow(kept, target);
        else target.set(kept);
      }),
    );
    return found;
  }

  async dispose(): Promise<void> {
    this.rows.clear();
    await this.file?.close();
    this.file = null;
    await rm(this.spillPath, { force: true });
  }

  private async writeRow(start: number, row: Float32Array): Promise<void> {
    this.file ??= await open(this.spillPath, 'w+');
    const bytes = bytesOf(row);
    let written = 0;
    while (written < bytes.length) {
      written += (await this.file.write(bytes, written, bytes.length - written, start + written)).bytesWritten;
    }
  }

  private async readRow(start: number, target: Float32Array): Promise<void> {
    const bytes = bytesOf(target);
    let read = 0;
    while (read < bytes.length) {
      const { bytesRead } = await (this.file as FileHandle).read(bytes, read, bytes.length - read, start + read);
      if (bytesRead === 0) throw new Error(`${this.spillPath} is shorter than it was`);
      read += bytesRead;
    }
  }
}

function bytesOf(row: Float32Array): Uint8Array {
  return new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
}
