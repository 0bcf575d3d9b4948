import type { TokenizerJson } from './fileSchemas';

type PreTokenizer = TokenizerJson['pre_tokenizer'];

/** What `\w` and `\s` are in Rust. */
const word = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d';
const white = '\\p{White_Space}';
const words = { type: 'Split', pattern: { Regex: `[${word}]+|[^${word}${white}]+` }, behavior: 'Removed', invert: true };

/**
 * The library's `Whitespace` takes JavaScript's `\w`, for which ß ends a word: the same split by expressions that say which
 * letters there are (tokenizers/src/pre_tokenizers/whitespace.rs).
 */
export function withAllLetters(tokenizer: PreTokenizer): PreTokenizer {
  if (tokenizer?.type === 'Whitespace') return words;
  const { pretokenizers } = tokenizer ?? {};
  return Array.isArray(pretokenizers) ? { ...tokenizer, pretokenizers: pretokenizers.map(withAllLetters) } : tokenizer;
}
