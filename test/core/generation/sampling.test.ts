import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largest, nextToken } from '../../../src/core/generation/sampling';
import { RandomStream } from '../../../src/core/random';

const logits = fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 60 }).map((v) => Float32Array.from(v));
const greedy = { temperature: 0, topK: 0, topP: 1 };

/** Probabilities of what may be drawn, as transformers' warpers leave them. */
function shares(given: Float32Array, { temperature, topK, topP }: typeof greedy): number[] {
  const order = [...given.keys()].sort((a, b) => (given[b] as number) - (given[a] as number) || a - b);
  const kept = topK > 0 ? order.slice(0, topK) : order;
  const highest = given[order[0] as number] as number;
  const weights = kept.map((id) => Math.exp(((given[id] as number) - highest) / temperature));
  const sum = weights.reduce((a, b) => a + b, 0);
  let [count, reached] = [0, 0];
  while (count < kept.length && reached < topP) reached += (weights[count++] as number) / sum;
  const of = topP === 1 ? kept.length : count;
  const total = weights.slice(0, of).reduce((a, b) => a + b, 0);
  const found = Array<number>(given.length).fill(0);
  kept.slice(0, of).forEach((id, i) => {
    found[id] = (weights[i] as number) / total;
  });
  return found;
}

describe('a token', () => {
  it('is the likeliest at temperature 0, of equals the first', () => {
    fc.assert(
      fc.property(logits, (given) => {
        const id = nextToken(given, greedy, new RandomStream(0));
        expect(given[id]).toBe(Math.max(...given));
        expect(given.indexOf(given[id] as number)).toBe(id);
      }),
    );
  });

  it('is drawn among those that are left alone', () => {
    const sampling = fc.record({
      temperature: fc.double({ min: 0.1, max: 3, noNaN: true }),
      topK: fc.integer({ min: 0, max: 70 }),
      topP: fc.double({ min: 0.05, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(logits, sampling, fc.integer(), (given, how, seed) => {
        const allowed = shares(given, how);
        const random = new RandomStream(seed);
        for (let i = 0; i < 5; i++) {
          const id = nextToken(given, how, random);
          expect(id).toBeLessThan(given.length);
          expect(allowed[id]).toBeGreaterThan(0);
        }
      }),
    );
  });

  it.each([
    { temperature: 1, topK: 0, topP: 1 },
    { temperature: 0.7, topK: 4, topP: 1 },
    { temperature: 1.5, topK: 0, topP: 0.8 },
    { temperature: 1, topK: 5, topP: 0.7 },
  ])('comes as often as it is likely: $temperature, $topK, $topP', (how) => {
    const given = Float32Array.from([1, 0.5, 2, -1, 1.7, 0, 0.9, -3]);
    const random = new RandomStream(1);
    const [draws, seen] = [20_000, Array<number>(given.length).fill(0)];
    for (let i = 0; i < draws; i++) (seen[nextToken(given, how, random)] as number)++;
    for (const [id, share] of shares(given, how).entries()) expect(Math.abs((seen[id] as number) / draws - share)).toBeLessThan(0.015);
  });
});

it('finds the largest as sorting does', () => {
  fc.assert(
    fc.property(logits, fc.integer({ min: 1, max: 70 }), (given, count) => {
      const sorted = [...given.keys()].sort((a, b) => (given[b] as number) - (given[a] as number) || a - b);
      expect(largest(given, count)).toEqual(sorted.slice(0, count));
    }),
  );
});
