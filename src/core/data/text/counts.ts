import * as l10n from '@vscode/l10n';
import { splitNames } from '../../../protocol/data';
import { ThawError } from '../../../protocol/failure';
import { type Counts, type EmptyClassWords, refuseEmptyClasses } from '../counts';
import type { RowIndex } from './rowIndex';

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

const emptyClassWords: EmptyClassWords = {
  one: (root, name) => l10n.t('{0} has no usable text to learn the class {1} from.', root, name),
  several: (root, names) => l10n.t('{0} has no usable texts to learn these classes from: {1}.', root, names),
  hint: () =>
    l10n.t(
      'Every class needs at least one training text that is not in another class too, better ten or more. Add texts, or mend the labels.',
    ),
};

/** @throws ThawError where a class has nothing to train on, or nothing is left at all */
export function refuseNoTexts(root: string, classes: readonly string[], [train]: readonly Counts[], rows: number): void {
  if (rows === 0 || train?.count === 0)
    throw new ThawError(
      'data.tooFew',
      l10n.t('{0} has no usable texts to learn from.', root),
      l10n.t('All of them are empty, have no label, or have two labels. Look at the problems and mend the rows.'),
      { path: root },
    );
  refuseEmptyClasses(root, classes, train, emptyClassWords);
}
