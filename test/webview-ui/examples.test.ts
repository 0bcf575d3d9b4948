import { expect, test } from 'vitest';
import { exampleRows, predictions, summary } from '../../webview-ui/gallery/world';
import { cellExamples, commonMistakes, filtered, flagged, surestMistakes, tally } from '../../webview-ui/logic/examples';

const rows = exampleRows();

test('filters by split, class and list agree with the summary', () => {
  expect(filtered(rows, { split: 'all', label: null, only: null })).toBe(rows);
  expect(filtered(rows, { split: 'test', label: null, only: null })).toHaveLength(summary.splits.test!.count);
  expect(filtered(rows, { split: 'train', label: 1, only: null })).toHaveLength(summary.splits.train!.classes[1]!);
  const some = new Set([rows[3]!.path, rows[8]!.path, 'gone']);
  expect(filtered(rows, { split: 'all', label: null, only: some })).toEqual([rows[3], rows[8]]);
});

test('the gravest problem of a picture is its flag; remarks on a class flag none', () => {
  const flags = flagged([
    ...summary.problems,
    { code: 'duplicate', severity: 'warning', message: 'again', meaning: '', files: ['train/car/car_003.png'], count: 1 },
    { code: 'fewExamples', severity: 'info', message: 'few', meaning: '', files: ['train/car/car_100.png'], count: 1 },
  ]);
  expect(flags.get('train/car/car_003.png')).toBe('2 pictures are in train and in test');
  expect(flags.has('train/car/car_100.png')).toBe(false);
});

test('cells and mistakes come surest first', () => {
  const said = predictions();
  expect(cellExamples(said, 'truck', 'car').map((p) => p.probability)).toEqual([0.97, 0.61]);
  expect(surestMistakes(said, 2).map((p) => p.probability)).toEqual([0.97, 0.88]);
});

test('the tally knows what always guessing the largest class reaches', () => {
  const evaluation = {
    accuracy: 0,
    loss: 0,
    macroF1: 0,
    perClass: [],
    confusion: [
      [53, 1],
      [2, 40],
    ],
  };
  expect(tally(evaluation)).toEqual({ right: 93, all: 96, largest: 54 / 96 });
  expect(tally({ ...evaluation, confusion: [] })).toEqual({ right: 0, all: 0, largest: 0 });
  expect(commonMistakes(evaluation, 5)).toEqual([
    { label: 1, predicted: 0, count: 2 },
    { label: 0, predicted: 1, count: 1 },
  ]);
});
