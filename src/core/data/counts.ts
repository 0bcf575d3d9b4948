import { type Problem, type Split, splitNames } from '../../protocol/data';
import { ThawError } from '../../protocol/failure';

/** Of one split: all, and those of each class. */
export interface Counts {
  readonly count: number;
  readonly classes: number[];
}

/** Fewer training examples than this in a class are worth a word. */
const fewExamples = 10;
/** As is a class this many times as large as another. */
const imbalanced = 5;

type Named = { readonly name: string; readonly count: number };

/** What there is to say of numbers, in the words of pictures or of texts. */
export interface CountProblems {
  fewExamples(classes: readonly Named[], enough: number): Problem;
  imbalance(most: Named, least: Named): Problem;
  missingInSplit(split: 'validation' | 'test', classes: readonly string[]): Problem;
  noneSplitOff(split: 'validation' | 'test'): Problem;
}

/**
 * What the numbers alone say: too few, too uneven, missing.
 * @param counts in the order of `splitNames`
 * @param wanted the roles that there should be
 */
export function checkCounts(
  classes: readonly string[],
  counts: readonly Counts[],
  wanted: ReadonlySet<Split>,
  problems: CountProblems,
): Problem[] {
  const found: Problem[] = [];
  const named = classes.map((name, i) => ({ name, count: counts[0]?.classes[i] ?? 0 }));
  const few = named.filter(({ count }) => count < fewExamples);
  if (few.length > 0) found.push(problems.fewExamples(few, fewExamples));
  const sorted = named.sort((a, b) => b.count - a.count);
  const [most, least] = [sorted[0], sorted.at(-1)];
  if (most && least && most.count >= imbalanced * least.count) found.push(problems.imbalance(most, least));
  for (const split of ['validation', 'test'] as const) {
    if (!wanted.has(split)) continue;
    const { count, classes: ofClass } = counts[splitNames.indexOf(split)] as Counts;
    const missing = classes.filter((_, i) => ofClass[i] === 0);
    if (count === 0) found.push(problems.noneSplitOff(split));
    else if (missing.length > 0) found.push(problems.missingInSplit(split, missing));
  }
  return found;
}

/** Why classes with nothing to learn from are refused, in the words of pictures or of texts. */
export interface EmptyClassWords {
  one(root: string, name: string): string;
  several(root: string, names: string): string;
  hint(): string;
}

/** @throws ThawError `data.tooFew` where a class has nothing to train on */
export function refuseEmptyClasses(root: string, classes: readonly string[], train: Counts | undefined, words: EmptyClassWords): void {
  const empty = classes.filter((_, i) => !train?.classes[i]);
  if (empty.length === 0) return;
  const message = empty.length === 1 ? words.one(root, empty.join('')) : words.several(root, empty.slice(0, 5).join(', '));
  throw new ThawError('data.tooFew', message, words.hint(), { path: root });
}
