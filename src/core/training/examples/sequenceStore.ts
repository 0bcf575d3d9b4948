import { Growing, type StoreOptions } from '../../data/text';
import type { Sequence } from './sequences';
import { TokenStore } from './tokenStore';

/** What may follow a sequence's ids, in this order; as long as they are, but for the target. */
const beside = ['types', 'learned', 'target'] as const;

/** Sequences one after another; in memory 9 bytes a sequence, and of its numbers as many as there is room for. */
export class SequenceStore {
  private readonly numbers: TokenStore;
  /** Of each how many ids it has, and as bits what follows them. */
  private readonly counts = new Growing(Uint32Array);
  private readonly parts = new Growing(Uint8Array);

  /** @param vocabulary one more than the largest number of a token */
  constructor(vocabulary: number, options?: StoreOptions) {
    this.numbers = new TokenStore(vocabulary, options);
  }

  /** @throws ThawError `io.*` where tokens that are too many for memory cannot be written aside */
  async append(sequence: Sequence): Promise<void> {
    const all = Array.from(sequence.ids);
    let parts = 0;
    for (const [bit, part] of beside.entries()) {
      const numbers = sequence[part];
      if (!numbers || (part === 'types' && isOfOneText(numbers))) continue;
      for (let i = 0; i < numbers.length; i++) all.push(numbers[i] as number);
      parts |= 1 << bit;
    }
    this.counts.push(sequence.ids.length);
    this.parts.push(parts);
    await this.numbers.append(all);
  }

  async read(sequence: number): Promise<Sequence> {
    const all = await this.numbers.read(sequence);
    const count = this.counts.at(sequence);
    const parts = this.parts.at(sequence);
    const found: { -readonly [K in keyof Sequence]: Sequence[K] } = { ids: all.subarray(0, count) };
    let at = count;
    for (const [bit, part] of beside.entries()) {
      if ((parts & (1 << bit)) === 0) continue;
      const end = part === 'target' ? all.length : at + count;
      found[part] = all.subarray(at, end);
      at = end;
    }
    return found;
  }

  async close(): Promise<void> {
    await this.numbers.close();
  }
}

function isOfOneText(types: ArrayLike<number>): boolean {
  for (let i = 0; i < types.length; i++) if (types[i] !== 0) return false;
  return true;
}
