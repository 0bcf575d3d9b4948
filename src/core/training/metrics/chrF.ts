import { spaces, type Written } from './written';

const order = 6;
/** β²: recall weighs four times. */
const factor = 4;

/** How many n-grams of each order the written texts have, the expected ones, and both. */
interface Counts {
  readonly written: number[];
  readonly expected: number[];
  readonly common: number[];
}

/**
 * chrF2 of all pairs together (Popović 2015), from 0 to 1: n-grams of 1 … 6 characters without spaces, counted over the whole
 * corpus, then the F-measure with β = 2 of mean precision and mean recall. As sacrebleu's `corpus_chrf` by default, which
 * gives a hundred times that: orders of which either side has no n-gram are left out.
 */
export function chrF(pairs: readonly Written[]): number {
  const counts: Counts = { written: Array(order).fill(0), expected: Array(order).fill(0), common: Array(order).fill(0) };
  for (const pair of pairs) count(pair, counts);
  return score(counts);
}

function count({ written, expected }: Written, sums: Counts): void {
  const [said, wanted] = [characters(written), characters(expected)];
  for (let n = 1; n <= order; n++) {
    const given = grams(said, n);
    const known = grams(wanted, n);
    // sacrebleu leaves out what was written where the expected text is too short for this order
    if (known.size > 0) sums.written[n - 1]! += Math.max(0, said.length - n + 1);
    sums.expected[n - 1]! += Math.max(0, wanted.length - n + 1);
    for (const [gram, times] of given) sums.common[n - 1]! += Math.min(times, known.get(gram) ?? 0);
  }
}

function score({ written, expected, common }: Counts): number {
  let precision = 0;
  let recall = 0;
  for (const [i, both] of common.entries()) {
    const [said, wanted] = [written[i] as number, expected[i] as number];
    if (said === 0 || wanted === 0) continue;
    precision += both / said;
    recall += both / wanted;
  }
  if (precision + recall === 0) return 0;
  const orders = common.filter((_, i) => written[i] !== 0 && expected[i] !== 0).length;
  return ((1 + factor) * precision * recall) / (factor * precision + recall) / orders;
}

/** Code points, as Python has them. */
function characters(text: string): string[] {
  return Array.from(text.split(spaces).join(''));
}

function grams(text: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= text.length; i++) {
    const gram = text.slice(i, i + n).join('');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}
