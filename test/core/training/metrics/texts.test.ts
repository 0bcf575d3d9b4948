import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chrF, exactMatch, isExactMatch, matthews, rougeL, rougeLOf, tokenLosses } from '../../../../src/core/training/metrics';
import { spaces } from '../../../../src/core/training/metrics/written';

interface Expected {
  texts: { written: string; expected: string; exactMatch: boolean; rougeL: number; chrF: number }[];
  corpusChrF: number;
  matthews: { confusion: number[][]; matthews: number }[];
}
const { texts, corpusChrF, matthews: tables } = JSON.parse(readFileSync('test/fixtures/metrics/expected.json', 'utf8')) as Expected;
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('as the references count', () => {
  test('exact match is SQuAD’s', () => {
    expect(texts.filter((pair) => isExactMatch(pair) !== pair.exactMatch)).toEqual([]);
    expect(exactMatch(texts)).toBeCloseTo(mean(texts.map((pair) => Number(pair.exactMatch))), 12);
  });

  test('ROUGE-L is rouge_score’s', () => {
    for (const pair of texts) expect(rougeLOf(pair), JSON.stringify(pair)).toBeCloseTo(pair.rougeL, 12);
    expect(rougeL(texts)).toBeCloseTo(mean(texts.map((pair) => pair.rougeL)), 12);
  });

  test('chrF is sacrebleu’s, of a text and of a corpus', () => {
    for (const pair of texts) expect(100 * chrF([pair]), JSON.stringify(pair)).toBeCloseTo(pair.chrF, 10);
    expect(100 * chrF(texts)).toBeCloseTo(corpusChrF, 10);
  });

  test.each(tables)('Matthews’ correlation is scikit-learn’s ($matthews)', ({ confusion, matthews: expected }) => {
    expect(matthews(confusion)).toBeCloseTo(expected, 12);
  });
});

test('nothing written, or nothing to judge, is no NaN', () => {
  expect([exactMatch([]), rougeL([]), chrF([]), matthews([]), matthews([[0, 0], [0, 0]])]).toEqual([0, 0, 0, 0, 0]); // biome-ignore format: a table
  expect(tokenLosses([])).toEqual({ loss: null, perplexity: null, tokens: 0 });
});

test('every score lies between 0 and 1, and a text against itself has the most there is', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('a', 'the', ' ', 'b', '!', '\ud83c', '氷') }));
  fc.assert(
    fc.property(text, text, (written, expected) => {
      const pair = { written, expected };
      for (const score of [rougeLOf(pair), chrF([pair])]) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1 + 1e-12);
      }
      const same = { written, expected: written };
      expect(isExactMatch(same)).toBe(true);
      expect(chrF([same])).toBeCloseTo(written.split(spaces).join('') === '' ? 0 : 1, 12);
      expect(rougeLOf(same)).toBe(/[a-z0-9]/.test(written.toLowerCase()) ? 1 : 0);
      expect(rougeLOf(pair)).toBeCloseTo(rougeLOf({ written: expected, expected: written }), 12);
    }),
  );
});

test('Matthews’ correlation of two classes is Pearson’s of the bits', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1 }), (pairs) => {
      const confusion = [0, 1].map((y) => [0, 1].map((p) => pairs.filter(([a, b]) => Number(a) === y && Number(b) === p).length));
      const [ys, ps] = [pairs.map(([y]) => Number(y)), pairs.map(([, p]) => Number(p))];
      const around = (values: number[]) => values.map((value) => value - mean(values));
      const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
      const [y, p] = [around(ys), around(ps)];
      const spread = Math.sqrt(dot(y, y) * dot(p, p));
      expect(matthews(confusion)).toBeCloseTo(spread < 1e-12 ? 0 : dot(y, p) / spread, 9);
    }),
  );
});

test('perplexity counts every token once, however the texts are cut', () => {
  expect(tokenLosses([{ nats: Math.log(50) * 7, tokens: 7 }]).perplexity).toBeCloseTo(50, 9);
  const part = fc.record({ nats: fc.double({ min: 0, max: 100, noNaN: true }), tokens: fc.integer({ min: 1, max: 50 }) });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
      const nats = parts.reduce((sum, { nats }) => sum + nats, 0);
      const tokens = parts.reduce((sum, { tokens }) => sum + tokens, 0);
      const { loss, perplexity } = tokenLosses(parts);
      expect(loss).toBeCloseTo(nats / tokens, 9);
      expect(Math.log(perplexity as number)).toBeCloseTo(nats / tokens, 9);
    }),
  );
});
