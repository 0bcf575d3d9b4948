import { expect, test } from 'vitest';
import { Lru } from '../../webview-ui/logic/lru';

test('what was longest not looked at goes, and every value that goes is given back once', () => {
  const gone: string[] = [];
  const lru = new Lru<number, string>(2, (v) => gone.push(v));
  lru.set(1, 'a');
  lru.set(2, 'b');
  expect(lru.get(1)).toBe('a');
  lru.set(3, 'c');
  expect(gone).toEqual(['b']);
  expect(lru.has(2)).toBe(false);
  lru.set(3, 'd');
  expect(gone).toEqual(['b', 'c']);
  lru.clear();
  expect(gone).toEqual(['b', 'c', 'a', 'd']);
});
