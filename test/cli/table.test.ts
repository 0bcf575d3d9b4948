import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duration, integer, percent, printable, size, table } from '../../src/cli/table';

describe('table', () => {
  it('sets columns under each other, numbers to the right, wide characters counted as two', () => {
    expect(
      table('lr', [
        ['class', 'n'],
        ['狗', '1'],
        ['cats', '12'],
      ]),
    ).toBe('class   n\n狗      1\ncats   12');
  });

  it('has a line a row, whatever the cells hold', () => {
    const rows = fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 1 });
    fc.assert(
      fc.property(
        rows,
        (cells) =>
          table(
            'lr',
            cells.map((row) => row.map(printable)),
          ).split('\n').length === cells.length,
      ),
    );
  });
});

describe('numbers for people', () => {
  it('keep their meaning when they are rounded', () => {
    expect([9.94, 9.96, 59.4, 61, 3599, 3661, 7265].map(duration)).toEqual([
      '9.9 s',
      '10 s',
      '59 s',
      '1 min 01 s',
      '59 min 59 s',
      '1 h 01 min',
      '2 h 01 min',
    ]);
    expect([0, 999, 1000, 21_345, 999_600, 3_400_000, 25e9].map(size)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '21 kB',
      '1.0 MB',
      '3.4 MB',
      '25 GB',
    ]);
    expect(percent(0.93124)).toBe('93.1 %');
    expect(integer(3413024)).toBe('3,413,024');
  });
});

describe('printable', () => {
  it('leaves nothing that a terminal would obey', () => {
    expect(printable('a\x1b[31mred\u202egnp')).toBe('a\\u001b[31mred\\u202egnp');
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(printable(text))));
  });
});
