import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classWeightsOf, weightsOf } from '../../../../src/core/training/exampleWeights';
import { evaluationOf, judge, judgeWindows, softmaxOf } from '../../../../src/core/training/metrics';

const said = (label: number, predicted: number) => ({ example: 0, label, predicted, probability: 1, loss: 1 });

test('precision, recall and F1 as scikit-learn counts them', () => {
  // sklearn.metrics.classification_report([0,0,0,1,1,2], [0,0,1,1,2,2], zero_division=0)
  const pairs = [[0, 0], [0, 0], [0, 1], [1, 1], [1, 2], [2, 2]] as const; // biome-ignore format: a table
  const { perClass, accuracy, macroF1, matthews, confusion } = evaluationOf(
    pairs.map(([l, p]) => said(l, p)),
    ['a', 'b', 'c', 'unseen'],
  );
  expect(confusion.slice(0, 3)).toEqual([
    [2, 1, 0, 0],
    [0, 1, 1, 0],
    [0, 0, 1, 0],
  ]);
  expect(accuracy).toBeCloseTo(4 / 6);
  expect(matthews).toBeCloseTo(0.5222329678670935, 12); // sklearn.metrics.matthews_corrcoef
  expect(perClass.map(({ precision }) => precision)).toEqual([1, 0.5, 0.5, 0]);
  expect(perClass.map(({ recall }) => recall)).toEqual([2 / 3, 0.5, 1, 0]);
  expect(perClass.map(({ count }) => count)).toEqual([3, 2, 1, 0]);
  expect(macroF1).toBeCloseTo((0.8 + 0.5 + 2 / 3) / 3);
});

test('nothing to judge is no NaN', () => {
  expect(evaluationOf([], ['a', 'b'])).toMatchObject({ accuracy: 0, loss: 0, macroF1: 0 });
});

test('confusion rows count the labels, and accuracy is its diagonal', () => {
  const pair = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }));
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1 }), (pairs) => {
      const result = evaluationOf(
        pairs.map(([l, p]) => said(l, p)),
        ['a', 'b', 'c', 'd'],
      );
      expect(result.confusion.flat().reduce((a, b) => a + b)).toBe(pairs.length);
      expect(result.accuracy).toBeCloseTo(pairs.filter(([l, p]) => l === p).length / pairs.length);
    }),
  );
});

test('a judgement is the cross-entropy of the softmax, also for large logits', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { minLength: 2, maxLength: 5 }), (logits) => {
      const { loss, predicted, probability } = judge(logits, 0, 0);
      const shares = softmaxOf(logits);
      expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1);
      expect(probability).toBeCloseTo(shares[predicted] as number);
      if ((shares[0] as number) > 1e-200) expect(loss).toBeCloseTo(-Math.log(shares[0] as number));
      expect(Number.isFinite(loss)).toBe(true);
    }),
  );
});

test('of a text with windows the mean of their probabilities is judged, and of one with a single window what is judged of any example', () => {
  const row = fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (windows) => {
      const said = judgeWindows(windows, 1, 7);
      const shares = windows.map(softmaxOf);
      const mean = [0, 1, 2].map((k) => shares.reduce((sum, share) => sum + (share[k] as number), 0) / windows.length);
      expect(said).toMatchObject({ example: 7, label: 1 });
      expect(mean[said.predicted]).toBeCloseTo(Math.max(...mean), 9);
      expect(said.probability).toBeCloseTo(Math.max(...mean), 9);
      expect(Number.isFinite(said.loss)).toBe(true);
      if ((mean[1] as number) > 1e-200) expect(said.loss).toBeCloseTo(-Math.log(mean[1] as number), 6);
      // Which of two is larger may be lost in logarithms, where they are as good as equal.
      if (windows.length === 1) expect({ ...judge(windows[0] as number[], 1, 7), predicted: said.predicted }).toEqual(said);
    }),
  );
});

test('windows weigh their share of a text, and a batch of them moves a model by that much less', () => {
  const chunk = { examples: [5, 6, 7, 5], real: 3, form: 0 };
  const company = { labels: Int32Array.of(0, 1, 1, 0), counts: Float32Array.of(0.25, 0.25, 0.5, 0.25) };
  const { weights, sum, divisor } = weightsOf(chunk, company, new Set(), [1, 2], 0.5);
  expect([...weights]).toEqual([0.25, 0.5, 1, 0]);
  expect(sum).toBe(1.75);
  expect(divisor).toBe(0.5 + 1 + 1);
  expect(weightsOf(chunk, company, new Set(), [1, 2]).divisor).toBe(sum);
});

test('balanced weights give every class the same say', () => {
  const labels = [0, 0, 0, 0, 0, 0, 1, 1, 3];
  const weights = classWeightsOf(labels, 4, 'balanced');
  const says = [0, 1, 3].map((c) => labels.filter((l) => l === c).length * (weights[c] as number));
  expect(new Set(says.map((s) => s.toFixed(9))).size).toBe(1);
  expect(weights[2]).toBe(0);
  expect(classWeightsOf(labels, 4, 'none')).toEqual([1, 1, 1, 1]);
});

test('padding and unreadable examples weigh nothing', () => {
  const chunk = { examples: [5, 6, 7, 5], real: 3, form: 0 };
  const company = { labels: new Int32Array(4), counts: new Float32Array(4).fill(1) };
  const { weights, sum } = weightsOf(chunk, company, new Set([6]), [2]);
  expect([...weights]).toEqual([2, 0, 2, 0]);
  expect(sum).toBe(4);
  expect(weightsOf(chunk, company, new Set([5, 6, 7]), [2])).toEqual({ weights: new Float32Array(4), sum: 0, divisor: 0 });
});

test('of tokens, those that fill up weigh nothing either', () => {
  const chunk = { examples: [3, 4, 3], real: 2, form: 0 };
  const company = { labels: new Int32Array(6), counts: Float32Array.of(1, 0, 1, 1, 1, 1) };
  const { weights, sum } = weightsOf(chunk, company, new Set(), null);
  expect([...weights]).toEqual([1, 0, 1, 1, 0, 0]);
  expect(sum).toBe(3);
});
