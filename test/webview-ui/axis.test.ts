import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accuracyAxis, apart, lossAxis, perplexityAxis } from '../../webview-ui/logic/axis';

test('a loss axis begins at zero, holds every value and has few round ticks', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
      const axis = lossAxis(values);
      expect(axis.min).toBe(0);
      expect(axis.max).toBeGreaterThanOrEqual(Math.max(...values) * (1 - 1e-9));
      expect(axis.ticks.length).toBeGreaterThanOrEqual(3);
      expect(axis.ticks.length).toBeLessThanOrEqual(8);
      expect(axis.ticks.at(-1)).toBeCloseTo(axis.max, 9);
    }),
  );
  expect(lossAxis([0.64]).ticks).toEqual([0, 0.2, 0.4, 0.6, 0.8]);
  expect(lossAxis([])).toMatchObject({ min: 0, max: 1 });
});

test('a perplexity axis holds the newest values, and not what a model lost that had seen nothing', () => {
  const perplexities = fc.array(fc.double({ min: 1, max: 1e5, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(perplexities, perplexities, (training, validation) => {
      const newest = [training, validation].map((line) => line.at(-1) as number);
      const { max } = perplexityAxis([...training, ...validation, Number.POSITIVE_INFINITY], newest);
      for (const y of newest) expect(y).toBeLessThanOrEqual(max * (1 + 1e-9));
      expect(max).toBeLessThanOrEqual(8 * Math.max(...newest));
    }),
  );
  expect(perplexityAxis([30_000, 240, 31, 14], [14]).max).toBe(40);
  expect(perplexityAxis([], []).max).toBe(1);
});

test('an accuracy axis ends at 1 and begins at a half or below the least value', () => {
  expect(accuracyAxis([0.61, 0.9]).ticks).toEqual([0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  expect(accuracyAxis([0.43]).min).toBeCloseTo(0.4);
  expect(accuracyAxis([0.05]).min).toBe(0);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (values) => {
      const axis = accuracyAxis(values);
      expect(axis.max).toBe(1);
      for (const v of values) expect(v).toBeGreaterThanOrEqual(axis.min - 1e-9);
    }),
  );
});

test('labels never overlap where there is room for both, and stay inside', () => {
  fc.assert(
    fc.property(fc.double({ min: -50, max: 250, noNaN: true }), fc.double({ min: -50, max: 250, noNaN: true }), (a, b) => {
      const [x, y] = apart([a, b], 14, 10, 190) as [number, number];
      expect(Math.abs(x - y)).toBeGreaterThanOrEqual(14 - 1e-9);
      for (const v of [x, y]) {
        expect(v).toBeGreaterThanOrEqual(10 - 1e-9);
        expect(v).toBeLessThanOrEqual(190 + 1e-9);
      }
      if (Math.abs(a - b) > 1e-9 && a >= 10 && b >= 10 && a <= 190 && b <= 190) expect(Math.sign(x - y)).toBe(Math.sign(a - b));
    }),
  );
});
