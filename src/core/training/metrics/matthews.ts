/**
 * Matthews' correlation of labels and predictions, for any number of classes (Gorodkin 2004), as scikit-learn's
 * `matthews_corrcoef`: 1 where all is right, 0 for guessing or for one and the same answer, −1 (for two classes) where all is
 * wrong.
 * @param confusion [label][predicted]: counts
 */
export function matthews(confusion: readonly (readonly number[])[]): number {
  const labelled = confusion.map((row) => row.reduce((a, b) => a + b, 0));
  const predicted = confusion.map((_, j) => confusion.reduce((sum, row) => sum + (row[j] as number), 0));
  const total = labelled.reduce((a, b) => a + b, 0);
  const right = confusion.reduce((sum, row, i) => sum + (row[i] as number), 0);
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
  const spread = (total ** 2 - dot(predicted, predicted)) * (total ** 2 - dot(labelled, labelled));
  return spread === 0 ? 0 : (right * total - dot(labelled, predicted)) / Math.sqrt(spread);
}
