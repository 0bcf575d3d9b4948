import type { ClassEvaluation } from '../../../protocol/report';
import { matthews } from './matthews';

/** What a model said of one example. */
export interface Judgement {
  /** Index in the data set. */
  readonly example: number;
  readonly label: number;
  readonly predicted: number;
  /** Of the predicted class. */
  readonly probability: number;
  /** Cross-entropy in nats, without label smoothing or class weights. */
  readonly loss: number;
}

/** Probabilities from a row of logits, in double precision. */
export function softmaxOf(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const top = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** The largest value's index, the first of equals. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}

export function judge(logits: ArrayLike<number>, label: number, example: number): Judgement {
  const values = Array.from(logits);
  const logSum = logSumOf(values);
  const predicted = argMax(values);
  const probability = Math.exp((values[predicted] as number) - logSum);
  return { example, label, predicted, probability, loss: logSum - (values[label] as number) };
}

/** What is said of a text by all of its windows: the mean of their probabilities, and the loss is that of the mean. */
export function judgeWindows(windows: readonly ArrayLike<number>[], label: number, example: number): Judgement {
  const logs = windows.map(logSoftmaxOf);
  // In logarithms, as a probability may be too small for a number of its own.
  const means = (logs[0] ?? []).map((_, k) => logSumOf(logs.map((window) => window[k] as number)) - Math.log(logs.length));
  const predicted = argMax(means);
  return { example, label, predicted, probability: Math.exp(means[predicted] as number), loss: 0 - (means[label] as number) };
}

function logSoftmaxOf(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const logSum = logSumOf(values);
  return values.map((value) => value - logSum);
}

/** ln Σ e^v */
function logSumOf(values: readonly number[]): number {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/**
 * Accuracy, mean loss, and precision, recall and F1 of each class. A ratio over nothing is 0. The macro F1 is the mean over
 * the classes that occur among the labels or the predictions, as in scikit-learn.
 */
export function evaluationOf(judgements: readonly Judgement[], classes: readonly string[]): ClassEvaluation {
  const confusion = classes.map(() => classes.map(() => 0));
  let loss = 0;
  for (const { label, predicted, loss: own } of judgements) {
    (confusion[label] as number[])[predicted]! += 1;
    loss += own;
  }
  const total = judgements.length;
  const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b);
  const right = confusion.reduce((sum, row, i) => sum + (row[i] as number), 0);
  const called = classes.map((_, j) => confusion.reduce((sum, row) => sum + (row[j] as number), 0));
  const perClass = classes.map((name, i) => {
    const row = confusion[i] as number[];
    const hits = row[i] as number;
    const count = row.reduce((a, b) => a + b, 0);
    const precision = ratio(hits, called[i] as number);
    const recall = ratio(hits, count);
    return { name, precision, recall, f1: ratio(2 * precision * recall, precision + recall), count };
  });
  const present = perClass.filter(({ count }, i) => count > 0 || (called[i] as number) > 0);
  return {
    accuracy: ratio(right, total),
    loss: ratio(loss, total),
    macroF1: ratio(
      present.reduce((sum, { f1 }) => sum + f1, 0),
      present.length,
    ),
    matthews: matthews(confusion),
    perClass,
    confusion,
  };
}
