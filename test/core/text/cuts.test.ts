import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAtSpaces } from '../../../src/core/text/cuts';
import { tokenizerSchema } from '../../../src/core/text/fileSchemas';
import { rememberWords } from '../../../src/core/text/knownWords';

/** A BPE as SentencePiece's become: words begin with ▁, bytes stand in for what is unknown. */
function bpe(more: readonly (readonly [string, string])[] = []) {
  const merges = [['▁', 'a'], ['▁▁', '▁▁'], ['b', 'a'], ['▁', '▁'], ['▁a', 'b'], ['ba', 'ba'], ['a', 'b'], ['\n', '\n'], ...more] as const;
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const tokens = ['<unk>', ...bytes, '▁', 'a', 'b', '\n', ...merges.map((pair) => pair.join(''))];
  const model = {
    type: 'BPE',
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges,
    unk_token: '<unk>',
    fuse_unk: true,
  };
  const normalizers = [
    { type: 'Prepend', prepend: '▁' },
    { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
  ];
  return tokenizerSchema.parse({
    added_tokens: [],
    normalizer: { type: 'Sequence', normalizers },
    model: { ...model, byte_fallback: true },
  });
}
const unigram = tokenizerSchema.parse(JSON.parse(readFileSync(path.join(__dirname, '../../fixtures/text/unigram/tokenizer.json'), 'utf8')));

describe.each([
  ['BPE', bpe()],
  ['BPE with a token across a space', bpe([['a', '▁']])],
  ['Unigram', unigram],
])('%s', (name, json) => {
  const [plain, cut] = [new Library(json, {}), new Library(json, {})];
  cutAtSpaces(cut, json);

  it('gives the same tokens word by word as at once', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '▁', '\n', 'the', 'é', '河', '😀'), maxLength: 60 });
    fc.assert(
      fc.property(words, (text) => {
        expect(cut.tokenize(text)).toEqual(plain.tokenize(text));
      }),
      { numRuns: 500 },
    );
  });

  it('is taken word by word where nothing is joined across a space', () => {
    const parts = cut.pre_tokenizer?.pre_tokenize('▁ab▁▁ba▁b', { section_index: 0 });
    if (name.includes('across')) expect(parts).toBeUndefined();
    else expect(parts).toEqual(['▁ab', '▁▁ba', '▁b']);
  });
});

const fixture = (kind: string) =>
  tokenizerSchema.parse(JSON.parse(readFileSync(path.join(__dirname, `../../fixtures/text/${kind}/tokenizer.json`), 'utf8')));

it.each([
  ['WordPiece', fixture('wordpiece')],
  ['byte-level BPE', fixture('bytelevel')],
  ['Unigram', fixture('unigram')],
  ['BPE', bpe()],
])('%s gives the same tokens whether it remembers words or not', (_, json) => {
  const [plain, remembering] = [new Library(json, {}), new Library(json, {})];
  rememberWords(remembering);
  const units = ['the', 'river', ' ', 'melts', "'s", '12', '\n', 'é', '河', '😀', 'x'.repeat(70), '##', '▁', '\ud800'];
  const texts = fc.string({ unit: fc.constantFrom(...units), maxLength: 30 });
  fc.assert(
    fc.property(texts, (text) => {
      const tokens = plain.tokenize(text);
      expect(remembering.tokenize(text)).toEqual(tokens);
      expect(remembering.tokenize(text)).toEqual(tokens); // all of its words are known by now
    }),
    { numRuns: 300 },
  );
});

const real = '../shared/real/bert-uncased-tokenizer/tokenizer.json';
it.skipIf(!existsSync(real))('other kinds are left as they are', () => {
  const json = JSON.parse(readFileSync(real, 'utf8'));
  const library = new Library(json, {});
  const before = library.pre_tokenizer;
  cutAtSpaces(library, tokenizerSchema.parse(json));
  expect(library.pre_tokenizer).toBe(before);
});

it('a text of a million characters takes about as long as its words', () => {
  const library = new Library(bpe(), {});
  cutAtSpaces(library, bpe());
  const began = performance.now();
  expect(library.tokenize('abba ab ba '.repeat(100_000)).length).toBeGreaterThan(100_000);
  expect(performance.now() - began).toBeLessThan(15_000); // at once it takes minutes
});
