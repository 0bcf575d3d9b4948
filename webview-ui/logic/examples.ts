import type { DataSummary, ExampleRow, Problem, Split } from '../../src/protocol/data';
import type { ClassEvaluation, Prediction } from '../../src/protocol/report';

/** As bars and chips show them. */
export const splitOrder: readonly Split[] = ['train', 'validation', 'test'];

/** All examples, or those of which a class is known so far. */
export function countOf({ classes, splits }: Pick<DataSummary, 'classes' | 'splits'>): number {
  const inSplits = Object.values(splits).reduce((sum, split) => sum + split.count, 0);
  return inSplits > 0 ? inSplits : classes.reduce((sum, c) => sum + c.count, 0);
}

export interface ExampleFilter {
  split: Split | 'all';
  /** Index of a class, or null for all. */
  label: number | null;
  /** Just these, as a cell of the confusion matrix names them. */
  only: ReadonlySet<string> | null;
}

export function filtered(examples: readonly ExampleRow[], { split, label, only }: ExampleFilter): readonly ExampleRow[] {
  if (split === 'all' && label === null && !only) return examples;
  return examples.filter(
    (row) => (split === 'all' || row.split === split) && (label === null || row.label === label) && (!only || only.has(row.path)),
  );
}

/** What is the matter with each file that a problem names; the gravest problem comes first in the list and wins. */
export function flagged(problems: readonly Problem[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (const problem of problems) {
    // A remark on a class or a balance concerns no single picture.
    if (problem.severity === 'info') continue;
    for (const file of problem.files) if (!flags.has(file)) flags.set(file, problem.message);
  }
  return flags;
}

export function cellExamples(predictions: readonly Prediction[], label: string, predicted: string): Prediction[] {
  return predictions.filter((p) => p.label === label && p.predicted === predicted).sort((a, b) => b.probability - a.probability);
}

export function surestMistakes(predictions: readonly Prediction[], count: number): Prediction[] {
  return predictions
    .filter((p) => p.label !== p.predicted)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count);
}

/** How many are right, of how many, and the share of the largest class: what one reaches by always guessing it. */
export function tally(evaluation: ClassEvaluation): { right: number; all: number; largest: number } {
  const rows = evaluation.confusion.map((row) => row.reduce((a, b) => a + b, 0));
  const all = rows.reduce((a, b) => a + b, 0);
  const right = evaluation.confusion.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  return { right, all, largest: all > 0 ? Math.max(...rows) / all : 0 };
}

/** The commonest mistakes as (class, said, count): what a matrix of very many classes would hide. */
export function commonMistakes(evaluation: ClassEvaluation, count: number): { label: number; predicted: number; count: number }[] {
  return evaluation.confusion
    .flatMap((row, label) => row.map((k, predicted) => ({ label, predicted, count: label === predicted ? 0 : k })))
    .filter((pair) => pair.count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, count);
}
