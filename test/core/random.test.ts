import fc from 'fast-check';
import { expect, test } from 'vitest';
import { philox, RandomStream } from '../../src/core/random';

test('philox gives the known answers of Random123', () => {
  const out = new Uint32Array(4);
  philox(0, [0, 0], out);
  expect([...out].map((w) => w.toString(16).padStart(8, '0'))).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
});

test('a stream depends on its seed and name alone', () => {
  const draw = (...name: (string | number)[]) => {
    const stream = new RandomStream(7, ...name);
    return Array.from({ length: 9 }, () => stream.bits());
  };
  expect(draw('a', 1)).toEqual(draw('a', 1));
  expect(draw('a', 1)).not.toEqual(draw('a', 2));
  expect(draw('a', 1)).not.toEqual(draw('a1'));
  expect(new RandomStream(8, 'a', 1).bits()).not.toBe(new RandomStream(7, 'a', 1).bits());
});

test('a permutation holds every index once', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 300 }), (seed, n) => {
      const order = new RandomStream(seed, 'order').permutation(n);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }),
    { numRuns: 50 },
  );
});

test('moments: uniform 1/2 and 1/12, normal 0 and 1', () => {
  const stream = new RandomStream(1, 'moments');
  const n = 50_000;
  const moments = (draw: () => number) => {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const x = draw();
      sum += x;
      squares += x * x;
    }
    return [sum / n, squares / n - (sum / n) ** 2] as const;
  };
  const [mean, variance] = moments(() => stream.uniform());
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
  expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
  const [normalMean, normalVariance] = moments(() => stream.normal());
  expect(Math.abs(normalMean)).toBeLessThan(0.02);
  expect(Math.abs(normalVariance - 1)).toBeLessThan(0.03);
});
