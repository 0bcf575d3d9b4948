import { meanOver, type Written } from './written';

/**
 * ROUGE-L's F-measure (Lin 2004) of one pair, from 0 to 1: the longest common subsequence of words against both lengths. As
 * google-research's `rouge_score` without stemming: words are runs of a–z and 0–9 in small letters, so a text in another
 * script has none, and gives 0.
 */
export function rougeLOf({ written, expected }: Written): number {
  const [said, wanted] = [words(written), words(expected)];
  const common = commonLength(said, wanted);
  return common === 0 ? 0 : (2 * common) / (said.length + wanted.length);
}

/** The mean of the pairs' F-measures, from 0 to 1. */
export function rougeL(pairs: readonly Written[]): number {
  return meanOver(pairs, rougeLOf);
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

/** Length of the longest common subsequence: a row of the usual table at a time. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  let above = new Uint32Array(b.length + 1);
  let row = new Uint32Array(b.length + 1);
  for (const word of a) {
    for (const [j, other] of b.entries())
      row[j + 1] = word === other ? (above[j] as number) + 1 : Math.max(above[j + 1] as number, row[j] as number);
    [above, row] = [row, above];
  }
  return above[b.length] as number;
}
