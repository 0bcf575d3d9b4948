import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TextTokenizer } from '../../../src/core/text';
import { failureOf } from '../../failures';

interface Expected {
  limit: number;
  singles: { text: string; ids: number[]; plain: number[]; cut: number[]; offsets: [number, number][]; decoded: string }[];
  pairs: { texts: [string, string]; ids: number[]; types: number[]; cut: number[]; cutTypes: number[] }[];
}

const fixtures = path.join(__dirname, '../../fixtures/text');
const real = '../shared/real/bert-uncased-tokenizer';
const expectedOf = (file: string) => JSON.parse(readFileSync(path.join(fixtures, file), 'utf8')) as Expected;

const folder = mkdtempSync(path.join(tmpdir(), 'thaw-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A tokenizer's folder with some of its files alone. */
function only(source: string, name: string, files: string[]): string {
  const target = path.join(folder, name);
  for (const file of files) if (existsSync(path.join(source, file))) cpSync(path.join(source, file), path.join(target, file));
  return target;
}

const bert = ['vocab.txt', 'tokenizer_config.json', 'special_tokens_map.json'];
const kinds: [string, string, string][] = [
  ['WordPiece', path.join(fixtures, 'wordpiece'), 'wordpiece/expected.json'],
  ['byte-level BPE', path.join(fixtures, 'bytelevel'), 'bytelevel/expected.json'],
  ['Unigram', path.join(fixtures, 'unigram'), 'unigram/expected.json'],
  ['WordLevel', path.join(fixtures, 'wordlevel'), 'wordlevel/expected.json'],
  ['WordPiece from vocab.txt', only(path.join(fixtures, 'wordpiece'), 'wordpiece', bert), 'wordpiece/expected.json'],
  [
    'byte-level BPE from merges.txt',
    only(path.join(fixtures, 'bytelevel'), 'bytelevel', ['vocab.json', 'merges.txt', 'tokenizer_config.json']),
    'bytelevel/expected.json',
  ],
];
if (existsSync(real)) {
  kinds.push(['BERT’s own', real, 'bert-uncased.json']);
  kinds.push(['BERT’s own from vocab.txt', only(real, 'bert', bert), 'bert-uncased.json']);
}

describe.each(kinds)('%s agrees with Hugging Face’s', (_name, source, file) => {
  const { limit, singles, pairs } = expectedOf(file);
  let tokenizer: TextTokenizer;
  beforeAll(async () => {
    tokenizer = await TextTokenizer.open(source);
  });

  it.each(singles.map((single) => [JSON.stringify(single.text).slice(0, 60), single] as const))(
    'on %s',
    (_text, { text, ids, plain, cut }) => {
      expect(tokenizer.ids(text)).toEqual(plain);
      const whole = tokenizer.encode(text);
      expect(whole.ids).toEqual(ids);
      const short = tokenizer.encode(text, { maxLength: limit });
      expect(short.ids).toEqual(cut);
      expect(short.cut).toBe(ids.length - cut.length);
      expect(short.types).toEqual(cut.map(() => 0));
    },
  );

  it.each(pairs.map((pair) => [JSON.stringify(pair.texts).slice(0, 60), pair] as const))(
    'on the pair %s',
    (_text, { texts, ids, types, cut, cutTypes }) => {
      const [text, pair] = texts;
      const whole = tokenizer.encode(text, { pair });
      expect(whole.ids).toEqual(ids);
      expect(whole.types).toEqual(types);
      const short = tokenizer.encode(text, { pair, maxLength: limit });
      expect(short.ids).toEqual(cut);
      expect(short.types).toEqual(cutTypes);
    },
  );

  it('in what numbers mean', () => {
    // Where a model asks for it, transformers takes spaces from before punctuation, which tokenizers alone does not.
    const same = (text: string) => (tokenizer.config.clean_up_tokenization_spaces ? text.replaceAll(' ', '') : text);
    for (const { ids, decoded } of singles) expect(same(tokenizer.decode(ids))).toBe(same(decoded));
  });

  it('in where tokens stand, but for spaces, in plain texts', () => {
    const { text, ids, offsets } = singles[2] as Expected['singles'][number];
    const trimmed = offsets
      .filter(([start, end]) => end > start)
      .map(([start, end]) => {
        const part = text.slice(start, end);
        return [start + part.length - part.trimStart().length, end];
      });
    const pieces = tokenizer.pieces(text);
    expect(pieces.map(({ start, end }) => [start, end])).toEqual(trimmed);
    expect(pieces.map(({ id }) => id)).toEqual(
      ids.filter((id) => !Object.values(tokenizer.special).includes(id) || id === tokenizer.special.unk),
    );
  });
});

describe('any text', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  it.each(kinds.slice(0, 3))('%s: fits its length, windows cover it, places are in order', async (_name, source) => {
    const tokenizer = await TextTokenizer.open(source);
    fc.assert(
      fc.property(text, text, fc.integer({ min: 8, max: 20 }), fc.integer({ min: 0, max: 4 }), (a, b, maxLength, overlap) => {
        const pair = tokenizer.encode(a, { pair: b, maxLength });
        expect(pair.ids.length).toBeLessThanOrEqual(maxLength);
        expect(pair.types).toHaveLength(pair.ids.length);
        expect(pair.ids.every((id) => id < tokenizer.size)).toBe(true);
        const ids = tokenizer.ids(a);
        const inner = tokenizer.windows(a, { maxLength, overlap }).map((window) => {
          expect(window.ids.length).toBeLessThanOrEqual(maxLength);
          const begin = window.ids.length - tokenizer.encode('').ids.length;
          const first = tokenizer.special.cls !== null ? 1 : 0;
          return window.ids.slice(first, first + begin);
        });
        expect(inner.flatMap((window, i) => (i === 0 ? window : window.slice(overlap)))).toEqual(ids);
        let at = 0;
        for (const { start, end } of tokenizer.pieces(a)) {
          expect(start).toBeGreaterThanOrEqual(Math.min(at, start));
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(a.length);
          at = start;
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each(kinds.slice(0, 3))('%s: of a pair, windows go over the longer text, with the other beside each', async (_name, source) => {
    const tokenizer = await TextTokenizer.open(source);
    const around = tokenizer.encode('', { pair: '' }).ids.length;
    fc.assert(
      fc.property(text, text, fc.integer({ min: 10, max: 24 }), (a, b, maxLength) => {
        const [first, second] = [tokenizer.ids(a), tokenizer.ids(b)];
        const [long, short] = first.length > second.length ? [first, second] : [second, first];
        const windows = tokenizer.windows(a, { pair: b, maxLength });
        const beside = Math.min(short.length, Math.floor((maxLength - around) / 2));
        const whole = tokenizer.encode(a, { pair: b });
        if (whole.ids.length <= maxLength) expect(windows).toEqual([whole]);
        expect(
          windows.every(({ ids, types, cut }) => ids.length <= maxLength && types.length === ids.length && cut === short.length - beside),
        ).toBe(true);
        // What is in the windows beside the shorter text are the longer one's tokens, each of them once and some twice.
        const size = maxLength - around - beside;
        const step = size - Math.floor(size / 4);
        const parts = windows.map(({ ids }) => ids.length - around - beside);
        expect(parts.reduce((sum, n, i) => sum + (i === 0 ? n : n - (size - step)), 0)).toBe(long.length);
        for (const [i, { ids }] of windows.entries())
          expect(` ${ids.join(' ')} `).toContain(` ${long.slice(i * step, i * step + size).join(' ')} `.replace('  ', ' '));
      }),
      { numRuns: 100 },
    );
  });

  it('has no windows where special tokens leave no room', async () => {
    const tokenizer = await TextTokenizer.open(path.join(fixtures, 'wordpiece'));
    expect(() => tokenizer.windows('a', { maxLength: 2 })).toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ code: 'config.invalid' }) }),
    );
  });

  it('of 100,000 tokens is cut in good time', async () => {
    const tokenizer = await TextTokenizer.open(path.join(fixtures, 'wordpiece'));
    const began = Date.now();
    const { ids, cut } = tokenizer.encode('water '.repeat(100_000), { maxLength: 64 });
    expect(ids).toHaveLength(64);
    expect(cut).toBeGreaterThan(99_000);
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});

describe('what is no tokenizer', () => {
  const made = (name: string, files: Record<string, string>) => {
    const target = path.join(folder, name);
    cpSync(path.join(fixtures, 'wordpiece', 'tokenizer_config.json'), path.join(target, 'tokenizer_config.json'));
    for (const [file, content] of Object.entries(files)) writeFileSync(path.join(target, file), content);
    return target;
  };

  it.each([
    ['none', {}, 'model.missing'],
    ['SentencePiece’s own', { 'spiece.model': 'x' }, 'model.unsupported'],
    ['half a JSON', { 'tokenizer.json': '{"model":' }, 'model.corrupt'],
    ['JSON of something else', { 'tokenizer.json': '{"vocab": 3}' }, 'model.corrupt'],
    ['a kind that is not known', { 'tokenizer.json': '{"model":{"type":"Oracle","vocab":{}}}' }, 'model.unsupported'],
  ])('is refused: %s', async (name, files, code) => {
    expect((await failureOf(TextTokenizer.open(made(name, files)))).code).toBe(code);
  });

  it('fits no model with fewer embeddings', async () => {
    const tokenizer = await TextTokenizer.open(path.join(fixtures, 'wordpiece'));
    expect(() => tokenizer.requireFit(tokenizer.size, 'small')).not.toThrow();
    expect(() => tokenizer.requireFit(tokenizer.size - 1, 'small')).toThrow(/small has \d+ tokens/);
  });
});
