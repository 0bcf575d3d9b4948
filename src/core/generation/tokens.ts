import type { Writer } from './writer';

/** The token at a place of the text, counted from 0, by the logits for it; it depends on nothing else. */
export type Choice = (logits: Float32Array, place: number) => number;

/** The tokens of a text that goes on from a prompt, or is made of it, without an end. */
export async function* tokensOf(writer: Writer, prompt: readonly number[], choose: Choice): AsyncGenerator<number, never> {
  let id = choose(await writer.begin(prompt), 0);
  yield id;
  for (let place = 1, guesses = few; ; ) {
    const count = Math.min(guesses, writer.guessable);
    const found = count > 0 ? await checked(writer, id, count, (logits, ahead) => choose(logits, place + ahead)) : [];
    if (count === 0) found.push(choose(await writer.next([id]), place));
    // some more while they are right, fewer when one was wrong
    guesses = found.length > count ? count + 2 : Math.max(1, count - 1);
    for (id of found) {
      yield id;
      place++;
    }
  }
}

const few = 7;

/**
 * What comes after a token: guesses, for as long as they are what the exact step gives, and what it gives then. The text is
 * what it would be without them.
 */
async function checked(writer: Writer, id: number, count: number, choose: Choice): Promise<number[]> {
  const guesses: number[] = [];
  for (let ahead = 0; ahead < count; ahead++) guesses.push(choose(await writer.guess(guesses.at(-1) ?? id, ahead), ahead));
  const exact = await writer.check([id, ...guesses]);
  const found: number[] = [];
  for (const [ahead, logits] of exact.entries()) {
    found.push(choose(logits, ahead));
    if (found[ahead] !== guesses[ahead]) break;
  }
  writer.accept(found.length);
  return found;
}
