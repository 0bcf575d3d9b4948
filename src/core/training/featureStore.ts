import { type FileHandle, open, rm } from 'node:fs/promises';

/**
 * What the frozen part of a model gives for each example and view, kept so that it is computed once. The first values stay
 * in memory, up to a limit; the rest go to a file with random access. A store belongs to one `key` (model, frozen part, its
 * values, data): another key wants another store.
 */
export class FeatureStore {
  private readonly slots = new Map<string, number>();
  private readonly memory: Float32Array[] = [];
  private readonly memorySlots: number;
  private file: FileHandle | null = null;

  constructor(
    readonly key: string,
    /** Values of one example. */
    private readonly width: number,
    memoryLimitBytes: number,
    /** Made when the memory is used up, and removed with the store. */
    private readonly spillPath: string,
  ) {
    this.memorySlots = Math.floor(memoryLimitBytes / (width * Float32Array.BYTES_PER_ELEMENT));
  }

  has(view: number, example: number): boolean {
    return this.slots.has(`${view}/${example}`);
  }

  /** Keeps the first `examples.length` rows of `rows` [n, width]; examples that are there already stay as they are. */
  async put(view: number, examples: readonly number[], rows: Float32Array): Promise<void> {
    for (const [i, example] of examples.entries()) {
      if (this.has(view, example)) continue;
      const row = rows.slice(i * this.width, (i + 1) * this.width);
      const slot = this.slots.size;
      if (slot < this.memorySlots) this.memory.push(row);
      else await this.writeRow(slot, row);
      this.slots.set(`${view}/${example}`, slot);
    }
  }

  /** [examples.length, width] in their order. All of them must be there. */
  async read(view: number, examples: readonly number[]): Promise<Float32Array> {
    const rows = new Float32Array(examples.length * this.width);
    await Promise.all(
      examples.map(async (example, i) => {
        const slot = this.slots.get(`${view}/${example}`);
        if (slot === undefined) throw new Error(`Features of example ${example}, view ${view} are not there`);
        const target = rows.subarray(i * this.width, (i + 1) * this.width);
        const kept = this.memory[slot];
        if (kept) target.set(kept);
        else await this.readRow(slot, target);
      }),
    );
    return rows;
  }

  async dispose(): Promise<void> {
    this.slots.clear();
    this.memory.length = 0;
    await this.file?.close();
    this.file = null;
    await rm(this.spillPath, { force: true });
  }

  private async writeRow(slot: number, row: Float32Array): Promise<void> {
    this.file ??= await open(this.spillPath, 'w+');
    const bytes = bytesOf(row);
    let written = 0;
    while (written < bytes.length) {
      const at = (slot - this.memorySlots) * bytes.length + written;
      written += (await this.file.write(bytes, written, bytes.length - written, at)).bytesWritten;
    }
  }

  private async readRow(slot: number, target: Float32Array): Promise<void> {
    const bytes = bytesOf(target);
    let read = 0;
    while (read < bytes.length) {
      const at = (slot - this.memorySlots) * bytes.length + read;
      const { bytesRead } = await (this.file as FileHandle).read(bytes, read, bytes.length - read, at);
      if (bytesRead === 0) throw new Error(`${this.spillPath} is shorter than it was`);
      read += bytesRead;
    }
  }
}

function bytesOf(row: Float32Array): Uint8Array {
  return new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
}
