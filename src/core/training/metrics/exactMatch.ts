import { meanOver, spaces, type Written } from './written';

const punctuation = /[!-/:-@[-`{-~]/g;
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** As SQuAD's evaluation script does it: small letters, no ASCII punctuation, no English articles, one space between words. */
function normalised(text: string): string {
  const plain = text.toLowerCase().replace(punctuation, '').replace(articles, ' ');
  return plain.split(spaces).filter(Boolean).join(' ');
}

/** Whether two texts are the same but for case, ASCII punctuation, English articles and spaces: SQuAD's exact match. */
export function isExactMatch({ written, expected }: Written): boolean {
  return normalised(written) === normalised(expected);
}

/** The share of exact matches, normalised as in SQuAD; from 0 to 1. */
export function exactMatch(pairs: readonly Written[]): number {
  return meanOver(pairs, (pair) => (isExactMatch(pair) ? 1 : 0));
}
