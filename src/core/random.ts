/**
 * The one source of randomness: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * A stream is named by a seed and any parts (a step, an epoch, a parameter's name); draw n of a stream depends on nothing
 * but that name and n. So nothing needs to be saved for a resume, and the order in which things are drawn is free.
 */
export class RandomStream {
  private readonly key: readonly [number, number];
  private counter = 0;
  private readonly block = new Uint32Array(4);
  private used = 4;

  constructor(seed: number, ...name: (string | number)[]) {
    this.key = keyOf(seed, name.join('\u0000'));
  }

  /** 32 uniform bits. */
  bits(): number {
    if (this.used === 4) {
      philox(this.counter++, this.key, this.block);
      this.used = 0;
    }
    return this.block[this.used++] as number;
  }

  /** Uniform in [0, 1), 24 bits. */
  uniform(): number {
    return (this.bits() >>> 8) / 0x1000000;
  }

  /** Uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(((this.bits() >>> 0) / 0x100000000) * n);
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** 0 … n−1 in random order (Fisher–Yates). */
  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = order[i] as number;
      order[i] = order[j] as number;
      order[j] = kept;
    }
    return order;
  }
}

/** Two 32-bit words from a seed and a name (the 53-bit string hash "cyrb53", split). */
function keyOf(seed: number, name: string): [number, number] {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ Math.imul(seed, 0x9e3779b1);
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return [a >>> 0, b >>> 0];
}

/** High 32 bits of the product of two unsigned 32-bit numbers. */
function high(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** One block of four words: Philox4x32-10 of a 64-bit counter under a 64-bit key. */
export function philox(counter: number, key: readonly [number, number], out: Uint32Array): void {
  let c0 = counter >>> 0;
  let c1 = Math.floor(counter / 0x100000000) >>> 0;
  let c2 = 0;
  let c3 = 0;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const h0 = high(0xd2511f53, c0);
    const l0 = Math.imul(0xd2511f53, c0) >>> 0;
    const h1 = high(0xcd9e8d57, c2);
    const l1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}
