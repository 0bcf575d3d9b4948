import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutCopies } from '../../../src/core/data/copies';
import { dealOut, guaranteedFrom } from '../../../src/core/data/split';
import type { Split } from '../../../src/protocol/data';

const hash = (n: number) => createHash('sha256').update(String(n)).digest('hex');
const hashes = (minLength: number, maxLength: number) =>
  fc.uniqueArray(fc.nat(1e6), { minLength, maxLength }).map((numbers) => numbers.map(hash));
const shares = fc.record({ validation: fc.constantFrom(0, 0.1, 0.15, 0.3), test: fc.constantFrom(0, 0.15, 0.25) });

describe('splitting off', () => {
  test('an added example moves at most one other across each border', () => {
    fc.assert(
      fc.property(hashes(2, 80), shares, (all, s) => {
        const few = all.slice(1);
        const before = dealOut(few, s);
        const after = dealOut(all, s).slice(1);
        const moved = before.flatMap((role, i) => (role === after[i] ? [] : [[role, after[i] as Split]]));
        for (const role of ['validation', 'test'] as const)
          expect(moved.filter((pair) => pair.includes(role)).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('order and names do not matter', () => {
    fc.assert(
      fc.property(hashes(1, 40), shares, (all, s) => {
        const roles = dealOut(all, s);
        expect(dealOut([...all].reverse(), s).reverse()).toEqual(roles);
      }),
    );
  });

  test('one share leaves the examples of the other where they are', () => {
    fc.assert(
      fc.property(hashes(20, 60), (all) => {
        const both = dealOut(all, { validation: 0.15, test: 0.15 });
        const one = dealOut(all, { validation: 0.15, test: 0 });
        for (const [i] of all.entries()) expect(both[i] === 'validation').toBe(one[i] === 'validation');
      }),
    );
  });

  test('every class has something to learn from, and from seven on something in every role', () => {
    fc.assert(
      fc.property(hashes(1, 30), shares, (all, s) => {
        const roles = dealOut(all, s);
        expect(roles).toContain('train');
        if (s.validation === 0) expect(roles).not.toContain('validation');
        if (s.test === 0) expect(roles).not.toContain('test');
        if (all.length < guaranteedFrom) return;
        if (s.validation > 0) expect(roles).toContain('validation');
        if (s.test > 0) expect(roles).toContain('test');
      }),
    );
  });

  test('every class has its share, to the nearest whole example', () => {
    fc.assert(
      fc.property(hashes(guaranteedFrom, 120), shares, (all, s) => {
        const roles = dealOut(all, s);
        for (const role of ['validation', 'test'] as const) {
          const wanted = all.length * s[role];
          const given = roles.filter((r) => r === role).length;
          expect(Math.abs(given - Math.max(wanted, s[role] > 0 ? 1 : 0))).toBeLessThanOrEqual(0.5);
        }
      }),
    );
  });
});

test('of files with the same bytes at most one is used, and none whose labels disagree', () => {
  const file = fc.record({
    path: fc.string(),
    label: fc.constantFrom('a', 'b'),
    split: fc.constantFrom<Split[]>('train', 'validation', 'test'),
    hash: fc.constantFrom('1', '2', '3', '4'),
  });
  fc.assert(
    fc.property(fc.uniqueArray(file, { selector: (f) => f.path, maxLength: 12 }), (files) => {
      const { kept } = withoutCopies(files);
      for (const content of ['1', '2', '3', '4']) {
        const same = files.filter((f) => f.hash === content);
        const left = kept.filter((f) => f.hash === content);
        const agreed = new Set(same.map((f) => f.label)).size === 1;
        expect(left).toHaveLength(agreed ? 1 : 0);
        if (agreed && same.some((f) => f.split === 'test')) expect(left[0]?.split).toBe('test');
        else if (agreed && same.some((f) => f.split === 'validation')) expect(left[0]?.split).toBe('validation');
      }
    }),
  );
});
