import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RowBox, rowWindow, scrollToRow, topOf } from '../../webview-ui/logic/rowWindow';

const boxes = fc
  .record({
    count: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 20_000_000 })),
    height: fc.integer({ min: 30, max: 900 }),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    open: fc.option(fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), height: fc.integer({ min: 24, max: 700 }) })),
  })
  .map(({ count, height, at, open }): RowBox => {
    const index = open && Math.min(count - 1, Math.floor(open.share * count));
    const box = { count, height, scrollTop: 0, row: 24, open: open && { index: index as number, height: open.height }, overscan: 3 };
    const { height: all } = rowWindow(box);
    return { ...box, scrollTop: at * Math.max(0, all - height) };
  });

describe('rowWindow', () => {
  it('has a row at every point of the view, and few beyond it', () => {
    fc.assert(
      fc.property(boxes, (box) => {
        const { first, end, offset } = rowWindow(box);
        const heightOf = (i: number) => (box.open?.index === i ? box.open.height : box.row);
        let bottom = offset;
        for (let i = first; i < end; i++) bottom += heightOf(i);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(box.count);
        expect(first === 0 || offset <= box.scrollTop + 1e-3).toBe(true);
        expect(end === box.count || bottom >= box.scrollTop + box.height - 1e-3).toBe(true);
        expect(end - first).toBeLessThanOrEqual(Math.ceil(box.height / box.row) + 2 * box.overscan + 2);
      }),
    );
  });

  it('reaches the first row at the top and the last at the bottom, of millions too', () => {
    fc.assert(
      fc.property(boxes, (box) => {
        expect(rowWindow({ ...box, scrollTop: 0 }).first).toBe(0);
        const { height } = rowWindow(box);
        const last = rowWindow({ ...box, scrollTop: Math.max(0, height - box.height) });
        expect(last.end).toBe(box.count);
        expect(height).toBeLessThanOrEqual(8_000_000);
      }),
    );
  });

  it('brings a row into view, and moves no further than that takes', () => {
    fc.assert(
      fc.property(boxes, fc.double({ min: 0, max: 1, noNaN: true }), (box, share) => {
        const index = Math.min(box.count - 1, Math.floor(share * box.count));
        const scrollTop = scrollToRow(index, box);
        const { first, end } = rowWindow({ ...box, scrollTop });
        expect(index >= first && index < end).toBe(true);
        if (index >= first + box.overscan && index < end - box.overscan)
          expect(scrollToRow(index, { ...box, scrollTop })).toBeCloseTo(scrollTop, 3);
      }),
    );
  });

  it('lets rows after an open one stand below it', () => {
    const box = { row: 24, open: { index: 3, height: 100 } };
    expect([0, 3, 4, 5].map((i) => topOf(i, box))).toEqual([0, 72, 172, 196]);
  });
});
