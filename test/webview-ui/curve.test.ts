import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Curve, nearest, thinned } from '../../webview-ui/logic/curve';

const values = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 3000 });

test('a curve stays bounded, in order, within the range of its values, and ends with the newest', () => {
  fc.assert(
    fc.property(values, (list) => {
      const curve = new Curve(64);
      for (const [i, y] of list.entries()) curve.push(i + 1, y, 8);
      const { points } = curve;
      expect(points.length).toBeLessThanOrEqual(65);
      expect(points.at(-1)?.step).toBe(list.length);
      for (let i = 1; i < points.length; i++) expect(points[i]!.step).toBeGreaterThan(points[i - 1]!.step);
      const [low, high] = [Math.min(...list), Math.max(...list)];
      for (const p of points) {
        expect(p.y).toBeGreaterThanOrEqual(low - 1e-9);
        expect(p.y).toBeLessThanOrEqual(high + 1e-9);
      }
    }),
    { numRuns: 50 },
  );
});

test('the mean is unbiased from the first value on, and a constant stays itself', () => {
  const curve = new Curve();
  for (let step = 1; step <= 50; step++) curve.push(step, 0.7, 10);
  for (const p of curve.points) expect(p.y).toBeCloseTo(0.7, 12);
});

test('what a resumed run repeats is forgotten, and it goes on from there', () => {
  const curve = new Curve();
  for (let step = 1; step <= 30; step++) curve.push(step, step, 1e-9);
  curve.cutAfter(20);
  expect(curve.points.at(-1)).toEqual({ step: 20, y: 20 });
  curve.push(21, 5, 1e-9);
  expect(curve.latest).toEqual({ step: 21, y: 5 });
  curve.cutAfter(0);
  expect(curve.points).toEqual([]);
});

test('what is no number is passed over', () => {
  const curve = new Curve();
  curve.push(1, Number.NaN, 4);
  curve.push(2, Number.POSITIVE_INFINITY, 4);
  expect(curve.latest).toBeNull();
});

test('thinning keeps both ends and the order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 2, max: 900 }), (count, limit) => {
      const list = Array.from({ length: count }, (_, i) => i);
      const some = thinned(list, limit);
      expect(some.length).toBe(Math.min(count, limit));
      expect(some[0]).toBe(0);
      expect(some.at(-1)).toBe(count - 1);
      expect(new Set(some).size).toBe(some.length);
    }),
  );
});

test('nearest is what a search through all finds', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }), fc.integer({ min: -60, max: 60 }), (list, x) => {
      const sorted = list.toSorted((a, b) => a - b);
      const found = nearest(sorted, x, (v) => v)!;
      expect(Math.abs(found - x)).toBe(Math.min(...sorted.map((v) => Math.abs(v - x))));
    }),
  );
  expect(nearest([], 1, (v: number) => v)).toBeNull();
});
