import { createHash } from 'node:crypto';
import { Growing } from './growing';
import { lastUpTo } from './lastUpTo';

/** Rows that are put in order in parts, by the first bits of their content: sorting them at once takes far more memory. */
const sortedAtOnce = 4096;

/** What is kept in memory of each row that was read: 19 bytes, 12 of them until `forgetContent`; and 4 more in the store. */
export class RowIndex {
  private hashes = [new Growing(Uint32Array), new Growing(Uint32Array), new Growing(Uint32Array)] as const;
  private readonly labels = new Growing(Int16Array);
  private readonly lines = new Growing(Uint32Array);
  private readonly splits = new Growing(Uint8Array);
  /** The first row of each source. */
  private readonly firsts = new Growing(Uint32Array);

  get length(): number {
    return this.labels.length;
  }

  /**
   * @param split index in `splitNames`
   * @param source not below that of the row before
   */
  add(key: string, label: number, split: number, source: number, line: number): void {
    // 96 of SHA-256's bits: two different texts of some millions agree in them once in 10^15 data sets.
    const digest = createHash('sha256').update(key).digest();
    for (const [i, word] of this.hashes.entries()) word.push(digest.readUInt32BE(4 * i));
    while (this.firsts.length <= source) this.firsts.push(this.length);
    this.labels.push(label);
    this.splits.push(split);
    this.lines.push(line);
  }

  label(row: number): number {
    return this.labels.at(row);
  }
  split(row: number): number {
    return this.splits.at(row);
  }
  line(row: number): number {
    return this.lines.at(row);
  }
  setLabel(row: number, label: number): void {
    this.labels.set(row, label);
  }
  setSplit(row: number, split: number): void {
    this.splits.set(row, split);
  }

  source(row: number): number {
    return lastUpTo(this.firsts.length, (i) => this.firsts.at(i), row);
  }

  /** By content alone: negative, zero (the same text) or positive. */
  compare(a: number, b: number): number {
    for (const word of this.hashes) {
      const difference = word.at(a) - word.at(b);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** Of the content, hex. */
  hash(row: number): string {
    return this.hashes.map((word) => word.at(row).toString(16).padStart(8, '0')).join('');
  }

  /** Rows by content; those of the same text stand together, in the order they were read. */
  byContent(): Uint32Array {
    return this.sorted(upTo(this.length), (row) => row);
  }

  /** Ascending numbers by the content of the row that each stands for; those of the same text stay in their order. */
  sorted(numbers: Uint32Array, rowOf: (number: number) => number): Uint32Array {
    const compare = (a: number, b: number) => this.compare(rowOf(a), rowOf(b)) || a - b;
    if (numbers.length <= sortedAtOnce) return numbers.slice().sort(compare);
    const first = this.hashes[0];
    const part = (number: number) => first.at(rowOf(number)) >>> 16;
    const ends = new Uint32Array(1 << 16);
    for (const number of numbers) ends[part(number)]!++;
    for (let i = 1; i < ends.length; i++) ends[i]! += ends[i - 1] as number;
    const starts = ends.slice();
    const order = new Uint32Array(numbers.length);
    for (let i = numbers.length - 1; i >= 0; i--) {
      const number = numbers[i] as number;
      order[--starts[part(number)]!] = number;
    }
    for (const [i, end] of ends.entries()) order.subarray(starts[i] as number, end).sort(compare);
    return order;
  }

  /** What rows hold is compared no more, and takes no memory. */
  forgetContent(): void {
    this.hashes = [new Growing(Uint32Array), new Growing(Uint32Array), new Growing(Uint32Array)];
  }
}

/** 0 … count − 1 */
export function upTo(count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = i;
  return numbers;
}

/** Those of some numbers that are wanted; with no list on the way, as `filter` makes one. */
export function only(numbers: Uint32Array, isWanted: (number: number) => boolean): Uint32Array {
  let count = 0;
  for (const number of numbers) if (isWanted(number)) count++;
  const wanted = new Uint32Array(count);
  let i = 0;
  for (const number of numbers) if (isWanted(number)) wanted[i++] = number;
  return wanted;
}
