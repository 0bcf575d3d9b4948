import { ByteStore, Spans, type StoreOptions } from '../../data/text';

/** Bytes of tokens in memory; those beyond are in a file. */
const tokenLimit = 64 * 2 ** 20;

/** Sequences of tokens one after another; in memory 4 bytes a sequence, and of the tokens as many as there is room for. */
export class TokenStore {
  private readonly spans = new Spans();
  private readonly bytes: ByteStore;
  private readonly Ids: typeof Uint16Array | typeof Int32Array;

  /** @param vocabulary one more than the largest number of a token */
  constructor(vocabulary: number, options: StoreOptions = {}) {
    this.bytes = new ByteStore({ memoryBytes: tokenLimit, ...options });
    this.Ids = vocabulary <= 1 << 16 ? Uint16Array : Int32Array;
  }

  /** @throws ThawError `io.*` where tokens that are too many for memory cannot be written aside */
  async append(ids: ArrayLike<number>): Promise<void> {
    this.spans.add(ids.length);
    await this.bytes.append(Buffer.from(this.Ids.from(ids).buffer));
  }

  /** Tokens of each. */
  lengths(): Uint32Array {
    return this.spans.toArray();
  }

  async read(sequence: number): Promise<Uint16Array | Int32Array> {
    const ids = new this.Ids(this.spans.lengthOf(sequence));
    const start = this.spans.startOf(sequence) * ids.BYTES_PER_ELEMENT;
    new Uint8Array(ids.buffer).set(await this.bytes.read(start, start + ids.byteLength));
    return ids;
  }

  async close(): Promise<void> {
    await this.bytes.close();
  }
}
