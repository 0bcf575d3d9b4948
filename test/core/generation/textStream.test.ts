import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { TextStream } from '../../../src/core/generation/textStream';
import { TextTokenizer } from '../../../src/core/text';

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.array(fc.constantFrom('the ', 'cat ', 'é', '👩‍🚀', '漢字', '\n', ' ', "don't", '.'), { maxLength: 12 }).map((parts) => parts.join('')),
);

/** The pieces that a text's tokens give, those at the end among them. */
function streamed(tokenizer: TextTokenizer, ids: readonly number[], stops: readonly string[] = []): string[] {
  const stream = new TextStream(tokenizer, stops);
  const pieces: string[] = [];
  for (const id of ids) {
    if (stream.stopped) break;
    pieces.push(stream.push(id));
  }
  return [...pieces, stream.end()];
}

describe.each(['bytelevel', 'unigram'])('text as its tokens come (%s)', (name) => {
  let tokenizer: TextTokenizer;
  beforeAll(async () => {
    tokenizer = await TextTokenizer.open(path.resolve(__dirname, '../../fixtures/text', name));
  });

  it('is the text, in whole characters', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const ids = tokenizer.ids(text);
        const whole = tokenizer.decode(ids);
        const pieces = streamed(tokenizer, ids);
        expect(pieces.join('')).toBe(whole);
        if (!whole.includes('\uFFFD')) for (const piece of pieces) expect(piece).not.toContain('\uFFFD');
        for (const piece of pieces) expect(piece).not.toMatch(/\p{Cs}/u);
      }),
    );
  });

  it('goes on from a prompt with the space that is between', () => {
    const ids = tokenizer.ids('the cat the cat');
    for (let at = 1; at < ids.length; at++) {
      const stream = new TextStream(tokenizer, [], ids.slice(0, at));
      const rest = ids.slice(at).map((id) => stream.push(id));
      expect(tokenizer.decode(ids.slice(0, at)) + rest.join('') + stream.end()).toBe(tokenizer.decode(ids));
    }
  });

  it('ends before the first stop text, of which nothing is given out', () => {
    fc.assert(
      fc.property(
        texts,
        fc.array(fc.constantFrom('the cat', 'cat the', '字', '\n\n', "n't", '. '), { minLength: 1, maxLength: 3 }),
        (text, stops) => {
          const ids = tokenizer.ids(text);
          const whole = tokenizer.decode(ids);
          const found = stops.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
          const given = streamed(tokenizer, ids, stops).join('');
          if (found.length === 0) expect(given).toBe(whole);
          // a stop text that is whole first ends the text, though another may have begun before it
          else expect(whole.startsWith(given) && stops.some((stop) => whole.startsWith(stop, given.length))).toBe(true);
          for (const stop of stops) expect(given).not.toContain(stop);
        },
      ),
    );
  });
});

it('gives out bytes that never become a character', async () => {
  const tokenizer = await TextTokenizer.open(path.resolve(__dirname, '../../fixtures/text/bytelevel'));
  const ids = tokenizer.ids('漢');
  expect(ids.length).toBeGreaterThan(1);
  const cut = ids.slice(0, -1);
  expect(streamed(tokenizer, cut).join('')).toBe(tokenizer.decode(cut));
  const broken = [...cut, ...tokenizer.ids('a')];
  expect(streamed(tokenizer, broken).join('')).toBe(tokenizer.decode(broken));
});
