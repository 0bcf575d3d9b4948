import type { Problem, TextTask } from '../../../protocol/data';
import type { RowIndex } from './rowIndex';
import { Rows, textProblems } from './textProblems';

/** train, validation, test by their index: a text in several splits is kept where it would flatter least. */
const keeps = [2, 1, 0];
/** Characters below which a line of plain text may well be said twice. */
const commonplace = 64;
/** Why a row is named. */
const [duplicate, inSplits, inClasses] = [1, 2, 3];

/**
 * Finds rows with the same text and decides which are used: none where their labels disagree, else one, from test before
 * validation before train, the first by place. Plain text keeps what it repeats, but no paragraph in two splits.
 * @param bytesOf a row's length
 * @returns a mark for each row that is left out
 */
export function withoutCopies(
  index: RowIndex,
  task: TextTask,
  where: (row: number) => string,
  bytesOf: (row: number) => number,
): { left: Uint8Array; problems: Problem[] } {
  const left = new Uint8Array(index.length);
  const marks = new Uint8Array(index.length);
  const order = index.byContent();
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && index.compare(order[from] as number, order[to] as number) === 0) to++;
    if (to - from > 1) decide(order.subarray(from, to));
    from = to;
  }

  function decide(group: Uint32Array): void {
    const first = group[0] as number;
    if (group.some((row) => index.label(row) !== index.label(first))) {
      for (const row of group) {
        left[row] = 1;
        marks[row] = inClasses;
      }
      return;
    }
    const best = group.reduce((a, b) => ((keeps[index.split(b)] as number) < (keeps[index.split(a)] as number) ? b : a));
    const across = group.some((row) => index.split(row) !== index.split(best));
    if (task === 'causal-lm' && (!across || bytesOf(first) < commonplace)) {
      for (const row of group.subarray(1)) marks[row] = duplicate;
      return;
    }
    for (const row of group) {
      if (across) marks[row] = inSplits;
      else if (row !== best) marks[row] = duplicate;
      if (row !== best && (task !== 'causal-lm' || index.split(row) !== index.split(best))) left[row] = 1;
    }
  }

  const marked = (mark: number) => {
    const rows = new Rows();
    for (let row = 0; row < marks.length; row++) if (marks[row] === mark) rows.add(() => where(row));
    return rows;
  };
  const [classes, splits, copies] = [marked(inClasses), marked(inSplits), marked(duplicate)];
  const problems: Problem[] = [];
  if (classes.count > 0) problems.push(textProblems.sameInClasses(classes));
  if (splits.count > 0) problems.push(textProblems.sameInSplits(splits));
  if (copies.count > 0) problems.push(task === 'causal-lm' ? textProblems.repeated(copies) : textProblems.duplicate(copies));
  return { left, problems };
}
