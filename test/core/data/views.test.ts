import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { viewOf } from '../../../src/core/data';
import { cropBox, recolour } from '../../../src/core/data/views';

const where = [fc.nat(), fc.nat(1000), fc.string()] as const;

describe('views', () => {
  test('none changes nothing', () => {
    fc.assert(fc.property(...where, (seed, epoch, path) => viewOf('none', seed, epoch, path) === null));
  });

  test('views 2k and 2k + 1 of an example are mirrored to each other', () => {
    fc.assert(
      fc.property(...where, (seed, k, path) => {
        const flips = [2 * k, 2 * k + 1].map((view) => viewOf('flip', seed, view, path)?.flip ?? false);
        expect(flips[0]).not.toBe(flips[1]);
      }),
    );
  });

  test('half of the examples are mirrored, each by its own draw', () => {
    for (const kind of ['flip', 'standard'] as const) {
      const flips = Array.from({ length: 1000 }, (_, i) => viewOf(kind, 1, 0, `a/${i}.jpg`)?.flip ?? false).filter(Boolean).length;
      expect(flips).toBeGreaterThan(420);
      expect(flips).toBeLessThan(580);
    }
  });

  test('a view hangs on seed, epoch and path, and on nothing else', () => {
    const view = viewOf('standard', 1, 2, 'a');
    expect(viewOf('standard', 1, 2, 'a')).toEqual(view);
    for (const other of [viewOf('standard', 2, 2, 'a'), viewOf('standard', 1, 3, 'a'), viewOf('standard', 1, 2, 'b')])
      expect(other).not.toEqual(view);
  });

  test('a crop lies inside the picture and is no stranger than asked', () => {
    const side = fc.integer({ min: 1, max: 5000 });
    fc.assert(
      fc.property(...where, side, side, (seed, epoch, path, width, height) => {
        const box = cropBox(viewOf('standard', seed, epoch, path)?.crops ?? [], width, height);
        expect(Math.min(box.left, box.top)).toBeGreaterThanOrEqual(0);
        expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(1);
        expect(box.left + box.width).toBeLessThanOrEqual(width);
        expect(box.top + box.height).toBeLessThanOrEqual(height);
        if (Math.min(width, height) < 100) return; // whole pixels are coarse there
        expect(box.width / box.height).toBeGreaterThan(0.73);
        expect(box.width / box.height).toBeLessThan(1.37);
      }),
    );
  });

  test('no change of colour is none; contrast 0 is flat, saturation 0 is grey, brightness scales', () => {
    const pixels = () => new Uint8ClampedArray([10, 20, 30, 200, 100, 50]);
    const seen = (change: Partial<{ brightness: number; contrast: number; saturation: number }>) => {
      const changed = pixels();
      recolour(changed, { flip: false, crops: [], brightness: 1, contrast: 1, saturation: 1, ...change });
      return [...changed];
    };
    expect(seen({})).toEqual([...pixels()]);
    expect(seen({ brightness: 0.5 })).toEqual([5, 10, 15, 100, 50, 25]);
    expect(new Set(seen({ contrast: 0 })).size).toBe(1);
    expect(seen({ saturation: 0 })).toEqual([18, 18, 18, 124, 124, 124]);
  });
});
