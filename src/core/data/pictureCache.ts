/**
 * Decoded pictures by example, up to a limit: one that is seen again, as it was or mirrored, is not decoded again. Those
 * that came first stay: epochs go through all of them, so whatever else were kept would be gone before its turn.
 */
export class PictureCache {
  private readonly pictures = new Map<number, Uint8ClampedArray>();
  private bytes = 0;

  constructor(private readonly limitBytes: number) {}

  /** RGB, [S, S, 3]; nobody may change it. */
  get(example: number): Uint8ClampedArray | undefined {
    return this.pictures.get(example);
  }

  put(example: number, pixels: Uint8ClampedArray): void {
    if (this.pictures.has(example) || this.bytes + pixels.byteLength > this.limitBytes) return;
    this.pictures.set(example, pixels);
    this.bytes += pixels.byteLength;
  }

  clear(): void {
    this.pictures.clear();
    this.bytes = 0;
  }
}
