/** The lengths that batches may have: a compiled graph each, so they are few. */
const bucketCount = 8;

/**
 * Lengths that batches are filled up to: chosen from the lengths of the examples, so that padding is least. At most eight,
 * ascending; the last holds the longest example that is not cut.
 * @param lengths tokens of each example
 * @param maxLength tokens at most; longer examples are cut to it
 * @param options.step lengths are multiples of it (but for `maxLength` itself), which kernels like
 * @param options.most of them, if that is fewer than eight
 * @param options.worth padding that a further length must save, as so many of the longest example
 */
export function bucketsFor(
  lengths: ArrayLike<number>,
  maxLength: number,
  { step = 8, most = bucketCount, worth = 0 }: { readonly step?: number; readonly most?: number; readonly worth?: number } = {},
): number[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < lengths.length; i++) {
    const length = Math.min(maxLength, Math.ceil(Math.max(1, lengths[i] as number) / step) * step);
    counts.set(length, (counts.get(length) ?? 0) + 1);
  }
  const sizes = [...counts.keys()].sort((a, b) => a - b);
  const longest = sizes.at(-1);
  if (longest === undefined) return [];
  return leastPadding(
    sizes,
    sizes.map((size) => counts.get(size) as number),
    { most: Math.min(most, bucketCount, sizes.length), price: worth * longest },
  );
}

/**
 * Of ascending sizes, those (with the last) such that rounding every example up to the next costs least.
 * Dynamic programming; costs[k][j]: the least total of filled lengths of sizes 0…j in k+1 buckets, of which j is the last.
 * @param price what a further bucket costs, in the same tokens
 */
function leastPadding(
  sizes: readonly number[],
  counts: readonly number[],
  { most, price }: { readonly most: number; readonly price: number },
): number[] {
  const upTo: number[] = [0];
  for (const count of counts) upTo.push((upTo.at(-1) as number) + count);
  const between = (from: number, to: number) => (upTo[to + 1] as number) - (upTo[from] as number);
  const costs = [sizes.map((size, j) => size * between(0, j))];
  const before: number[][] = [];
  for (let k = 1; k < most; k++) {
    const last = costs[k - 1] as number[];
    const next: number[] = [];
    const from: number[] = [];
    for (const [j, size] of sizes.entries()) {
      let best = last[j] as number;
      let at = -1;
      for (let i = 0; i < j; i++) {
        const total = (last[i] as number) + size * between(i + 1, j);
        if (total < best) [best, at] = [total, i];
      }
      next.push(best);
      from.push(at);
    }
    before.push(from);
    costs.push(next);
  }
  const totals = costs.map((cost, k) => (cost.at(-1) as number) + k * price);
  const chosen: number[] = [];
  let j = sizes.length - 1;
  for (let k = totals.indexOf(Math.min(...totals)) - 1; k >= 0; k--) {
    const at = (before[k] as number[])[j] as number;
    if (at < 0) continue;
    chosen.push(sizes[j] as number);
    j = at;
  }
  return [...chosen, sizes[j] as number].reverse();
}

/** The smallest bucket that holds an example; the last for those that are cut. */
export function bucketOf(buckets: readonly number[], length: number): number {
  return buckets.find((bucket) => bucket >= length) ?? (buckets.at(-1) as number);
}

/** Sequences as one batch, row by row; all arrays are [rows, length]. */
export interface Padded {
  readonly ids: Int32Array;
  /** 1 for a token, 0 for what fills up. */
  readonly mask: Int32Array;
  readonly types: Int32Array;
}

/**
 * Fills sequences up to one length, on the right, and up to `rows` rows: a row without tokens is all filling.
 * @param padding the token that fills up
 */
export function padded(
  sequences: readonly { readonly ids: ArrayLike<number>; readonly types?: ArrayLike<number> }[],
  rows: number,
  length: number,
  padding: number,
): Padded {
  const ids = new Int32Array(rows * length).fill(padding);
  const mask = new Int32Array(rows * length);
  const types = new Int32Array(rows * length);
  for (const [row, sequence] of sequences.entries()) {
    if (sequence.ids.length > length) throw new RangeError(`A sequence of ${sequence.ids.length} tokens in a batch of ${length}`);
    ids.set(sequence.ids, row * length);
    mask.fill(1, row * length, row * length + sequence.ids.length);
    if (sequence.types) types.set(sequence.types, row * length);
  }
  return { ids, mask, types };
}

/**
 * Tokens of texts that continue each other as blocks of one length, for language models. What is left at the end and is
 * shorter than a block is kept if it is two tokens at least: one to see and one to foretell.
 */
export function blocksOf(tokens: ArrayLike<number>, length: number): Int32Array[] {
  const blocks: Int32Array[] = [];
  for (let from = 0; from + 1 < tokens.length; from += length)
    blocks.push(Int32Array.from({ length: Math.min(length, tokens.length - from) }, (_, i) => tokens[from + i] as number));
  return blocks;
}
