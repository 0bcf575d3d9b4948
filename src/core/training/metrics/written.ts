/** What a model wrote, beside what it should have written. */
export interface Written {
  readonly written: string;
  readonly expected: string;
}

/** Over all pairs; 0 where there are none. */
export function meanOver(pairs: readonly Written[], score: (pair: Written) => number): number {
  return pairs.length === 0 ? 0 : pairs.reduce((sum, pair) => sum + score(pair), 0) / pairs.length;
}

/** What Python's `str.split()` parts words at: JavaScript's `\s` has U+FEFF too, and lacks U+001C … U+001F and U+0085. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
export const spaces = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
