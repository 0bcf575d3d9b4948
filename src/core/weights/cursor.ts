import { readSync } from 'node:fs';

/** Reads forward through bytes. @throws RangeError past the end, whatever length a file claims. */
export interface Cursor {
  readonly remaining: number;
  byte(): number;
  /** Valid until the next call. */
  bytes(count: number): Buffer;
  /** Up to the next line feed, which is passed over. */
  line(): string;
}

const windowBytes = 1 << 16;
const longestLine = 1 << 12;

/** A cursor over a file of `size` bytes; what it returns is copied through a window, so a large file is never held. */
export class FileCursor implements Cursor {
  private window = Buffer.alloc(0);
  private at = 0;
  /** Position in the file of the byte after the window. */
  private next = 0;

  constructor(
    private readonly descriptor: number,
    private readonly size: number,
  ) {}

  get remaining(): number {
    return this.size - this.position;
  }
  get position(): number {
    return this.next - (this.window.length - this.at);
  }

  byte(): number {
    return this.bytes(1)[0] as number;
  }

  bytes(count: number): Buffer {
    this.hold(count);
    const found = this.window.subarray(this.at, this.at + count);
    this.at += count;
    return found;
  }

  line(): string {
    for (let length = 0; length < Math.min(longestLine, this.remaining); length++) {
      this.hold(length + 1);
      if (this.window[this.at + length] === 0x0a) return this.bytes(length + 1).toString('utf8', 0, length);
    }
    throw new RangeError('a line does not end');
  }

  /** Fills `target` from here, past the window. */
  into(target: Uint8Array): void {
    if (target.length > this.remaining) throw new RangeError('the file ends too early');
    let position = this.position;
    for (let done = 0; done < target.length; ) {
      const read = readSync(this.descriptor, target, done, Math.min(target.length - done, 1 << 30), position);
      if (read === 0) throw new RangeError('the file ends too early');
      done += read;
      position += read;
    }
    this.window = Buffer.alloc(0);
    this.at = 0;
    this.next = position;
  }

  /** Passes over bytes without reading them. */
  skip(count: number): void {
    if (count > this.remaining) throw new RangeError('the file ends too early');
    const position = this.position + count;
    this.window = Buffer.alloc(0);
    this.at = 0;
    this.next = position;
  }

  /** Sees to it that the next `count` bytes are in the window. */
  private hold(count: number): void {
    if (count > this.remaining) throw new RangeError('the file ends too early');
    const held = this.window.length - this.at;
    if (held >= count) return;
    const window = Buffer.alloc(Math.min(Math.max(count, windowBytes), this.remaining));
    this.window.copy(window, 0, this.at);
    let filled = held;
    while (filled < window.length) {
      const read = readSync(this.descriptor, window, filled, window.length - filled, this.next);
      if (read === 0) throw new RangeError('the file ends too early');
      filled += read;
      this.next += read;
    }
    this.window = window;
    this.at = 0;
  }
}

/** A cursor over bytes in memory. */
export class MemoryCursor implements Cursor {
  private at = 0;
  constructor(private readonly data: Buffer) {}

  get remaining(): number {
    return this.data.length - this.at;
  }
  byte(): number {
    return this.bytes(1)[0] as number;
  }
  bytes(count: number): Buffer {
    if (count > this.remaining) throw new RangeError('the file ends too early');
    this.at += count;
    return this.data.subarray(this.at - count, this.at);
  }
  line(): string {
    const end = this.data.indexOf(0x0a, this.at);
    if (end < 0) throw new RangeError('a line does not end');
    const text = this.data.toString('utf8', this.at, end);
    this.at = end + 1;
    return text;
  }
}
