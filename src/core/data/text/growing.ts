type Numbers = Uint8Array | Uint32Array | Int32Array | Float64Array;

/** A typed array that grows by doubling: a number of a row costs its own bytes, not an object's. */
export class Growing<T extends Numbers> {
  length = 0;

  constructor(private array: T) {}

  push(value: number): void {
    if (this.length === this.array.length) {
      const larger = new (this.array.constructor as new (length: number) => T)(Math.max(1024, this.array.length * 2));
      larger.set(this.array);
      this.array = larger;
    }
    this.array[this.length++] = value;
  }

  at(i: number): number {
    return this.array[i] as number;
  }

  set(i: number, value: number): void {
    this.array[i] = value;
  }
}
