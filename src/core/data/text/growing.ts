type Numbers = Uint8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float64Array;

const pieceBits = 16;
const pieceLength = 1 << pieceBits;
const firstLength = 1 << 10;

/** A list of numbers that cost their own bytes and no more: typed arrays one after another, of which no large one is ever copied. */
export class Growing<T extends Numbers> {
  length = 0;
  private readonly pieces: T[] = [];

  constructor(private readonly kind: new (length: number) => T) {}

  push(value: number): void {
    const within = this.length & (pieceLength - 1);
    let piece = this.pieces[this.length >>> pieceBits];
    if (!piece || within === piece.length) piece = this.grow();
    piece[within] = value;
    this.length++;
  }

  at(i: number): number {
    return (this.pieces[i >>> pieceBits] as T)[i & (pieceLength - 1)] as number;
  }

  set(i: number, value: number): void {
    (this.pieces[i >>> pieceBits] as T)[i & (pieceLength - 1)] = value;
  }

  /** All of them in one array. */
  toArray(): T {
    const all = new this.kind(this.length);
    for (const [i, piece] of this.pieces.entries()) all.set(piece.subarray(0, this.length - i * pieceLength), i * pieceLength);
    return all;
  }

  /** Room for one more at least: the first piece doubles until it is as long as all others. */
  private grow(): T {
    const first = this.pieces[0];
    if (!first || first.length === pieceLength) {
      const piece = new this.kind(first ? pieceLength : firstLength);
      this.pieces.push(piece);
      return piece;
    }
    const larger = new this.kind(first.length * 2);
    larger.set(first);
    this.pieces[0] = larger;
    return larger;
  }
}
