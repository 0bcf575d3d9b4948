import { ByteStore, blockBytes, type StoreOptions } from './byteStore';
import { Spans } from './spans';

/**
 * Texts with random access that need not fit into memory (byteStore.ts): a row is a list of strings, in UTF-8 as JSON
 * (which keeps halves of surrogate pairs). In memory for each row: its length.
 */
export class TextStore {
  private readonly rows = new Spans();
  private readonly bytes: ByteStore;

  constructor(options: StoreOptions = {}) {
    this.bytes = new ByteStore(options);
  }

  get count(): number {
    return this.rows.count;
  }

  /** @throws ThawError `io.*` */
  add(fields: readonly string[]): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(fields));
    this.rows.add(bytes.length);
    return this.bytes.append(bytes);
  }

  bytesOf(row: number): number {
    return this.rows.lengthOf(row);
  }

  async read(row: number): Promise<string[]> {
    const start = this.rows.startOf(row);
    return JSON.parse((await this.bytes.read(start, start + this.rows.lengthOf(row))).toString()) as string[];
  }

  /** All rows in order; a block is in memory at a time. */
  async *readAll(): AsyncGenerator<{ row: number; fields: string[] }> {
    let start = 0;
    for (let row = 0; row < this.count; ) {
      let length = this.rows.lengthOf(row);
      let next = row + 1;
      while (next < this.count && length + this.rows.lengthOf(next) <= blockBytes) length += this.rows.lengthOf(next++);
      const bytes = await this.bytes.read(start, start + length);
      for (let at = 0; row < next; row++) {
        const end = at + this.rows.lengthOf(row);
        yield { row, fields: JSON.parse(bytes.toString('utf8', at, end)) as string[] };
        at = end;
      }
      start += length;
    }
  }

  close(): Promise<void> {
    return this.bytes.close();
  }
}
