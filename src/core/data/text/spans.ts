import { Growing } from './growing';

/** Stretches between two whose beginning is remembered. */
const anchorEvery = 64;

/** Stretches of bytes, or of whatever, that lie one after another: in memory 4 bytes each. */
export class Spans {
  private readonly lengths = new Growing(Uint32Array);
  private readonly anchors = new Growing(Float64Array);
  private total = 0;

  get count(): number {
    return this.lengths.length;
  }

  add(length: number): void {
    if (this.count % anchorEvery === 0) this.anchors.push(this.total);
    this.lengths.push(length);
    this.total += length;
  }

  lengthOf(i: number): number {
    return this.lengths.at(i);
  }

  startOf(i: number): number {
    const anchor = Math.floor(i / anchorEvery);
    let start = this.anchors.at(anchor);
    for (let before = anchor * anchorEvery; before < i; before++) start += this.lengths.at(before);
    return start;
  }

  /** The lengths of all. */
  toArray(): Uint32Array {
    return this.lengths.toArray();
  }
}
