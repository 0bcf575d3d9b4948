import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gridWindow, moved, scrollFor } from '../../webview-ui/logic/virtual';

const box = fc.record({
  width: fc.integer({ min: 20, max: 1600 }),
  height: fc.integer({ min: 40, max: 800 }),
  scrollTop: fc.integer({ min: 0, max: 2_000_000 }),
  count: fc.integer({ min: 0, max: 20_000 }),
  tile: fc.constant(60),
  gap: fc.constant(4),
  overscan: fc.constant(2),
});

test('every tile in view exists, and no more than two rows beyond on either side', () => {
  fc.assert(
    fc.property(box, (b) => {
      const w = gridWindow(b);
      const pitch = w.side + b.gap;
      const scrollTop = Math.min(b.scrollTop, Math.max(0, w.height - b.height));
      const seen = gridWindow({ ...b, scrollTop });
      for (let i = 0; i < b.count; i += Math.max(1, Math.floor(b.count / 200))) {
        const top = Math.floor(i / w.columns) * pitch;
        if (top < scrollTop + b.height && top + w.side > scrollTop) {
          expect(i).toBeGreaterThanOrEqual(seen.first);
          expect(i).toBeLessThan(seen.end);
        }
      }
      const rows = (seen.end - seen.first) / w.columns;
      expect(rows).toBeLessThanOrEqual(b.height / pitch + 2 + 2 * b.overscan);
      expect(seen.first % w.columns).toBe(0);
    }),
  );
});

test('tiles fill the width and are at least as wide as asked where that is possible', () => {
  fc.assert(
    fc.property(box, (b) => {
      const w = gridWindow(b);
      expect(w.columns * w.side + (w.columns - 1) * b.gap).toBeCloseTo(b.width, 6);
      if (b.width >= b.tile) expect(w.side).toBeGreaterThanOrEqual(b.tile - 1e-9);
    }),
  );
});

test('10,000 pictures need no more tiles than 600', () => {
  const w = gridWindow({ width: 733, height: 260, scrollTop: 12_345, count: 10_000, tile: 60, gap: 4, overscan: 2 });
  expect(w.columns).toBe(11);
  expect(w.end - w.first).toBeLessThan(120);
});

test('scrolling brings a row into view and moves no further than it must', () => {
  const w = gridWindow({ width: 636, height: 260, scrollTop: 0, count: 1000, tile: 60, gap: 4, overscan: 2 });
  expect(scrollFor(0, w, 4, 0, 260)).toBe(0);
  expect(scrollFor(0, w, 4, 500, 260)).toBe(0);
  const down = scrollFor(99, w, 4, 0, 260);
  expect(down).toBeCloseTo(9 * (w.side + 4) + w.side - 260, 6);
  expect(scrollFor(99, w, 4, down, 260)).toBeCloseTo(down, 6);
});

test('keys stay inside the grid', () => {
  const keys = ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', 'a'];
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 20 }), (key, count, columns) => {
      const to = moved(key, Math.floor(count / 2), count, columns, 4);
      if (to !== null) {
        expect(to).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThan(count);
      }
    }),
  );
  expect(moved('ArrowDown', 3, 100, 10, 4)).toBe(13);
  expect(moved('ArrowUp', 3, 100, 10, 4)).toBeNull();
  expect(moved('End', 3, 100, 10, 4)).toBe(99);
  expect(moved('a', 3, 100, 10, 4)).toBeNull();
});
