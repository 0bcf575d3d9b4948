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

/** The role by the example's own hash, without the exception for roles that come out empty. */
const own = (h: string, s: { validation: number; test: number }): Split => {
  const u = Number.parseInt(h.slice(0, 12), 16) / 2 ** 48;
  return u < s.validation ? 'validation' : u >= 1 - s.test ? 'test' : 'train';
};

describe('splitting off', () => {
  test('an example keeps its role whatever is added, unless it was lent to an empty role', () => {
    fc.assert(
      fc.property(hashes(1, 80), shares, fc.nat(), (all, s, cut) => {
        const few = all.slice(0, 1 + (cut % all.length));
        const before = dealOut(few, s);
        const after = dealOut(all, s);
        const moved = few.filter((_, i) => before[i] !== after[i]);
        // Only examples that stood, or stand, where their own hash does not put them; one a role, and train's.
        for (const h of moved) expect([before[few.indexOf(h)], after[all.indexOf(h)]]).toContainEqual(own(h, s));
        expect(before.filter((role, i) => role !== own(few[i] as string, s)).length).toBeLessThanOrEqual(3);
        const filled = (of: string[]) => (['train', 'validation', 'test'] as const).every((role) => of.some((h) => own(h, s) === role));
        if (filled(few) || (s.validation === 0 && s.test === 0)) expect(moved).toEqual([]);
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
        for (const [i, h] of all.entries())
          if (own(h, { validation: 0.15, test: 0.15 }) === 'validation') expect([both[i], one[i]]).toEqual(['validation', 'validation']);
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

  test('shares come out about right', () => {
    const roles = dealOut(
      Array.from({ length: 4000 }, (_, i) => hash(i)),
      { validation: 0.15, test: 0.3 },
    );
    const share = (role: Split) => roles.filter((r) => r === role).length / roles.length;
    expect(share('validation')).toBeCloseTo(0.15, 1);
    expect(share('test')).toBeCloseTo(0.3, 1);
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
