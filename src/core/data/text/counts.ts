import * as l10n from '@vscode/l10n';
import { type Problem, type Split, splitNames } from '../../../protocol/data';
import { ThawError } from '../../../protocol/failure';
import type { RowIndex } from './rowIndex';
import { textProblems } from './textProblems';

/** Fewer training examples than this in a class are worth a word. */
const fewExamples = 10;
/** As is a class this many times as large as another. */
const imbalanced = 5;

/** Of one split. */
export interface Counts {
  readonly count: number;
  readonly classes: number[];
}

/** Counts by split, in the order of `splitNames`, and class. */
export function tableOf(index: RowIndex, rows: Uint32Array, classes: number): Counts[] {
  const counts = splitNames.map(() => ({ count: 0, classes: Array.from({ length: classes }, () => 0) }));
  for (const row of rows) {
    const split = counts[index.split(row)] as (typeof counts)[number];
    split.count++;
    if (index.label(row) >= 0) split.classes[index.label(row)]!++;
  }
  return counts;
}

/** @throws ThawError where a class has nothing to train on, or nothing is left at all */
export function refuseEmptyClasses(root: string, classes: readonly string[], [train]: readonly Counts[], rows: number): void {
  if (rows === 0 || train?.count === 0)
    throw new ThawError(
      'data.tooFew',
      l10n.t('{0} has no usable texts to learn from.', root),
      l10n.t('All of them are empty, have no label, or have two labels. Look at the problems and mend the rows.'),
      { path: root },
    );
  const empty = classes.filter((_, i) => train?.classes[i] === 0);
  if (empty.length === 0) return;
  throw new ThawError(
    'data.tooFew',
    empty.length === 1
      ? l10n.t('{0} has no usable text to learn the class {1} from.', root, empty.join(''))
      : l10n.t('{0} has no usable texts to learn these classes from: {1}.', root, empty.slice(0, 5).join(', ')),
    l10n.t(
      'Every class needs at least one training text that is not in another class too, better ten or more. Add texts, or mend the labels.',
    ),
    { path: root },
  );
}

/** What the numbers alone say: too few, too uneven, missing. `wanted`: the roles that there should be. */
export function checkCounts(classes: readonly string[], counts: readonly Counts[], wanted: ReadonlySet<Split>): Problem[] {
  const found: Problem[] = [];
  const named = classes.map((name, i) => ({ name, count: counts[0]?.classes[i] ?? 0 }));
  const few = named.filter(({ count }) => count < fewExamples);
  if (few.length > 0) found.push(textProblems.fewExamples(few, fewExamples));
  const sorted = named.sort((a, b) => b.count - a.count);
  const [most, least] = [sorted[0], sorted.at(-1)];
  if (most && least && most.count >= imbalanced * least.count) found.push(textProblems.imbalance(most, least));
  for (const split of ['validation', 'test'] as const) {
    if (!wanted.has(split)) continue;
    const { count, classes: ofClass } = counts[splitNames.indexOf(split)] as Counts;
    const missing = classes.filter((_, i) => ofClass[i] === 0);
    if (count === 0) found.push(textProblems.noneSplitOff(split));
    else if (missing.length > 0) found.push(textProblems.missingInSplit(split, missing));
  }
  return found;
}
