import { afterEach, expect, test } from 'vitest';
import { bytes, clock, figureWords, percent, pictures, roughly, setLocale, shareWords, short } from '../../webview-ui/format';

afterEach(() => setLocale('en'));

test('numbers are as short as they can be', () => {
  expect(short(12_345)).toBe('12,345');
  expect(short(3_373_570)).toBe('3.4 M');
  expect(percent(0.96875)).toBe('96.9 %');
  expect(shareWords(2562 / 3_373_570)).toBe('0.08 %');
  expect([shareWords(0), shareWords(1), shareWords(0.302)]).toEqual(['0 %', '100 %', '30.2 %']);
  expect([bytes(13.5e6), bytes(612e6), bytes(1.2e9), bytes(900)]).toEqual(['13.5 MB', '612 MB', '1.2 GB', '1 kB']);
});

test('times', () => {
  expect([clock(29), clock(58.6), clock(3723), clock(-1)]).toEqual(['0:29', '0:59', '1:02:03', '0:00']);
  expect([0.004, 3.4, 41, 480, 9000].map(roughly)).toEqual(['0.1 s', '3.4 s', '41 s', '8 min', '2.5 h']);
});

test('the locale decides points and commas, and one that is no locale does no harm', () => {
  setLocale('de');
  expect(percent(0.969)).toBe('96,9 %');
  setLocale('not a locale');
  expect(percent(0.969)).toBe('96.9 %');
});

test('a figure says what it measures, unless it is a share of what is right', () => {
  expect(figureWords({ measure: 'accuracy', accuracy: 0.9483 })).toBe('94.8 %');
  expect(figureWords({ measure: 'perplexity', perplexity: 14.049 })).toBe('perplexity 14.05');
  expect(figureWords({ measure: 'written', exactMatch: 0.5, rougeL: 0.754 })).toBe('ROUGE-L 75.4 %, exact match 50.0 %');
});

test('one is not many', () => {
  expect([pictures(1), pictures(640)]).toEqual(['1 picture', '640 pictures']);
});
