import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { learns, matches, toggled } from '../../src/protocol/rules';

describe('globs over names', () => {
  test.each([
    ['**', 'blocks.6.0.conv_pw.weight', true],
    ['blocks.6.**', 'blocks.6.0.conv_pw.weight', true],
    ['blocks.6.**', 'blocks.6', true],
    ['blocks.6.**', 'blocks.60.0.bn1.weight', false],
    ['blocks.*.0.**', 'blocks.3.0.bn1.bias', true],
    ['blocks.*.0.**', 'blocks.3.1.bn1.bias', false],
    ['**.bn*.**', 'blocks.3.1.bn1.bias', true],
    ['**.bn*.**', 'bn1.bias', true],
    ['**.bias', 'classifier.bias', true],
    ['**.bias', 'bias', true],
    ['**.bias', 'xbias', false],
    ['classifier', 'classifier.weight', false],
    ['a+b', 'aab', false],
    ['a.b', 'axb', false],
    ['**.bn1.**', 'xbn1.weight', false],
  ])('%s on %s: %s', (glob, name, expected) => expect(matches(glob, name)).toBe(expected));
});

const segment = fc.stringMatching(/^[a-z_0-9]{1,4}$/);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((s) => s.join('.'));

test('the last matching rule decides; nothing matched is frozen', () => {
  expect(learns([], 'a.b')).toBe(false);
  expect(learns(['**', '!a.**'], 'a.b')).toBe(false);
  expect(learns(['!a.**', '**'], 'a.b')).toBe(true);
});

test('a toggled node learns or freezes wholly, and nothing beside it changes', () => {
  fc.assert(
    fc.property(fc.array(path.map((p) => `${p}.**`)), path, path, fc.boolean(), (rules, node, name, on) => {
      const after = toggled(rules, node, on);
      expect(learns(after, node)).toBe(on);
      expect(learns(after, `${node}.weight`)).toBe(on);
      if (name !== node && !name.startsWith(`${node}.`)) expect(learns(after, name)).toBe(learns(rules, name));
    }),
  );
});

test('toggling back and forth does not pile up rules', () => {
  let rules: string[] = ['classifier.**'];
  for (let i = 0; i < 20; i++) rules = toggled(rules, 'blocks.6', i % 2 === 0);
  expect(rules.length).toBeLessThanOrEqual(2);
});

test('the root stands for all layers', () => {
  expect(learns(toggled(['!a.**'], '', true), 'a.b')).toBe(true);
  expect(toggled(['a.**', '!b.**'], '', false)).toEqual(['!**']);
});
