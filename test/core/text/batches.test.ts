import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksOf, bucketsFor, padded } from '../../../src/core/text';

const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 200 });

describe('buckets', () => {
  it('are at most eight, ascending, hold every text, and pad no more than one length for all', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 16, max: 256 }), (given, maxLength) => {
        const buckets = bucketsFor(given, maxLength);
        expect(buckets.length).toBeLessThanOrEqual(8);
        expect([...buckets].sort((a, b) => a - b)).toEqual(buckets);
        const longest = Math.min(maxLength, Math.max(...given));
        expect(buckets.at(-1)).toBeGreaterThanOrEqual(longest);
        expect(buckets.at(-1)).toBeLessThanOrEqual(maxLength);
        for (const bucket of buckets) expect(bucket % 8 === 0 || bucket === maxLength).toBe(true);
      }),
    );
  });

  it('are the best choice, by trying all', () => {
    const random = (seed: number) => Array.from({ length: 60 }, (_, i) => 1 + ((i * 37 + seed * 101 + i * i * seed) % 96));
    for (const seed of [1, 2, 3]) {
      const given = random(seed);
      const cost = (buckets: readonly number[]) => given.reduce((sum, n) => sum + (buckets.find((b) => b >= n) as number), 0);
      const sizes = [...new Set(given.map((n) => Math.ceil(n / 8) * 8))].sort((a, b) => a - b);
      const last = sizes.at(-1) as number;
      let best = Number.POSITIVE_INFINITY;
      for (let mask = 0; mask < 1 << (sizes.length - 1); mask++) {
        const chosen = [...sizes.slice(0, -1).filter((_, i) => mask & (1 << i)), last];
        if (chosen.length <= 8) best = Math.min(best, cost(chosen));
      }
      expect(sizes.length).toBeGreaterThan(8);
      expect(cost(bucketsFor(given, 512))).toBe(best);
    }
  });

  it('are no more than asked for', () => {
    const given = Array.from({ length: 200 }, (_, i) => 1 + i);
    for (const most of [1, 2, 5]) expect(bucketsFor(given, 512, { most })).toHaveLength(most);
    expect(bucketsFor(given, 512, { most: 1 })).toEqual([200]);
  });

  it('each save the padding that they are worth, and leave none out that would', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 0, max: 40 }), (given, worth) => {
        const longest = Math.ceil(Math.max(...given) / 8) * 8;
        const total = (buckets: readonly number[]) =>
          given.reduce((sum, n) => sum + (buckets.find((b) => b >= n) as number), 0) + buckets.length * worth * longest;
        const chosen = total(bucketsFor(given, 512, { worth }));
        for (const most of [1, 2, 3, 4, 5, 6, 7, 8]) expect(chosen).toBeLessThanOrEqual(total(bucketsFor(given, 512, { most })));
      }),
    );
    const few = [...Array(100).fill(256), 40, 90, 170];
    expect(bucketsFor(few, 256, { worth: 32 })).toEqual([256]);
    expect(bucketsFor([], 256)).toEqual([]);
  });
});

describe('batches', () => {
  it('are filled up on the right, and with empty rows', () => {
    const { ids, mask, types } = padded([{ ids: [5, 6, 7], types: [0, 0, 1] }, { ids: [8] }], 3, 4, 9);
    expect([...ids]).toEqual([5, 6, 7, 9, 8, 9, 9, 9, 9, 9, 9, 9]);
    expect([...mask]).toEqual([1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect([...types]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(() => padded([{ ids: [1, 2, 3] }], 1, 2, 0)).toThrow(RangeError);
  });
});

it('blocks hold every token that can be foretold, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(99), { maxLength: 50 }), fc.integer({ min: 2, max: 9 }), (tokens, length) => {
      const blocks = blocksOf(tokens, length);
      const kept = tokens.length % length === 1 ? tokens.slice(0, -1) : tokens;
      expect(blocks.flatMap((block) => [...block])).toEqual(kept);
      for (const block of blocks) expect(block.length).toBeGreaterThan(1);
    }),
  );
});
