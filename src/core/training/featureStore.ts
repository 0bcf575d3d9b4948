import { type FileHandle, open, rm } from 'node:fs/promises';
import { readFully, writeFully } from '../data';

/** Values in one piece of memory. */
const pieceLength = 1 << 18;

/**
 * What the frozen part of a model gives for each example and view, kept so that it is computed once. The first values stay
 * in memory, up to a limit; the rest go to a file with random access. Beside them, 4 bytes an example and view are in
 * memory. A store belongs to one `key` (frozen part, its values): another key wants another store. Examples may be of
 * different widths, each of always the same.
 */
export class FeatureStore {
  /** By view, for each example: 1 more than where its row begins, in values; 0 where there is none. */
  private readonly places = new Map<number, Uint32Array>();
  private readonly pieces: Float32Array[] = [];
  /** Values in memory: the file begins after them. */
  private inMemory = 0;
  private end = 0;
  private readonly room: number;
  private file: FileHandle | null = null;

  constructor(
    readonly key: string,
    memoryLimitBytes: number,
    /** Made when the memory is used up, and removed with the store. */
    private readonly spillPath: string,
  ) {
    this.room = Math.floor(memoryLimitBytes / Float32Array.BYTES_PER_ELEMENT);
  }

  has(view: number, example: number): boolean {
    return this.placeOf(view, example) !== undefined;
  }

  /** Keeps the first `examples.length` rows of `given` [n, width]; examples that are there already stay as they are. */
  async put(view: number, examples: readonly number[], given: Float32Array, width: number): Promise<void> {
    for (const [i, example] of examples.entries()) {
      if (this.has(view, example)) continue;
      const row = given.subarray(i * width, (i + 1) * width);
      const start = this.end;
      // What comes after the first row in the file goes there too.
      if (!this.file && start + width <= this.room) this.keep(row);
      else await this.writeRow(start, row);
      this.end += width;
      this.setPlace(view, example, start);
    }
  }

  /** [examples.length, width] in their order. All of them must be there. */
  async read(view: number, examples: readonly number[], width: number): Promise<Float32Array> {
    const found = new Float32Array(examples.length * width);
    await Promise.all(
      examples.map(async (example, i) => {
        const start = this.placeOf(view, example);
        if (start === undefined) throw new Error(`Features of example ${example}, view ${view} are not there`);
        const target = found.subarray(i * width, (i + 1) * width);
        if (start >= this.inMemory) await this.readRow(start, target);
        else this.eachPiece(start, width, (piece, at) => target.set(piece, at));
      }),
    );
    return found;
  }

  async dispose(): Promise<void> {
    this.places.clear();
    this.pieces.length = 0;
    await this.file?.close();
    this.file = null;
    await rm(this.spillPath, { force: true });
  }

  private placeOf(view: number, example: number): number | undefined {
    const place = this.places.get(view)?.[example] ?? 0;
    return place === 0 ? undefined : place - 1;
  }

  private setPlace(view: number, example: number, start: number): void {
    let places = this.places.get(view) ?? new Uint32Array(1024);
    if (example >= places.length) {
      const more = new Uint32Array(Math.max(example + 1, 2 * places.length));
      more.set(places);
      places = more;
    }
    places[example] = start + 1;
    this.places.set(view, places);
  }

  private keep(row: Float32Array): void {
    while (this.pieces.length * pieceLength < this.end + row.length)
      this.pieces.push(new Float32Array(Math.min(pieceLength, this.room - this.pieces.length * pieceLength)));
    this.eachPiece(this.end, row.length, (piece, at) => piece.set(row.subarray(at, at + piece.length)));
    this.inMemory = this.end + row.length;
  }

  /** The parts of memory that a row lies in, each with where in the row it begins. */
  private eachPiece(start: number, width: number, work: (piece: Float32Array, at: number) => void): void {
    for (let at = 0; at < width; ) {
      const piece = this.pieces[Math.floor((start + at) / pieceLength)] as Float32Array;
      const from = (start + at) % pieceLength;
      const part = piece.subarray(from, from + width - at);
      work(part, at);
      at += part.length;
    }
  }

  private async writeRow(start: number, row: Float32Array): Promise<void> {
    this.file ??= await open(this.spillPath, 'w+');
    await writeFully(this.file, bytesOf(row), this.inFile(start));
  }

  private async readRow(start: number, target: Float32Array): Promise<void> {
    await readFully(this.file as FileHandle, bytesOf(target), this.inFile(start), this.spillPath);
  }

  private inFile(start: number): number {
    return (start - this.inMemory) * Float32Array.BYTES_PER_ELEMENT;
  }
}

function bytesOf(row: Float32Array): Uint8Array {
  return new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
}
