import { createHash } from 'node:crypto';
import { Growing } from './growing';

/** What is kept in memory of each row that was read: 25 bytes, and 8 more in the store. */
export class RowIndex {
  private readonly hashes = [new Growing(new Uint32Array(0)), new Growing(new Uint32Array(0)), new Growing(new Uint32Array(0))] as const;
  private readonly labels = new Growing(new Int32Array(0));
  private readonly sources = new Growing(new Uint32Array(0));
  private readonly lines = new Growing(new Uint32Array(0));
  private readonly splits = new Growing(new Uint8Array(0));

  get length(): number {
    return this.labels.length;
  }

  /** @param split index in `splitNames` */
  add(key: string, label: number, split: number, source: number, line: number): void {
    // 96 of SHA-256's bits: two different texts of some millions agree in them once in 10^15 data sets.
    const digest = createHash('sha256').update(key).digest();
    for (const [i, word] of this.hashes.entries()) word.push(digest.readUInt32BE(4 * i));
    this.labels.push(label);
    this.splits.push(split);
    this.sources.push(source);
    this.lines.push(line);
  }

  label(row: number): number {
    return this.labels.at(row);
  }
  split(row: number): number {
    return this.splits.at(row);
  }
  source(row: number): number {
    return this.sources.at(row);
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
    return Uint32Array.from({ length: this.length }, (_, i) => i).sort((a, b) => this.compare(a, b) || a - b);
  }
}
