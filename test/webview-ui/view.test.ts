import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultView, isFolded, restoredView } from '../../webview-ui/logic/view';

test('any saved state gives a whole view, and a good one gives itself', () => {
  fc.assert(
    fc.property(fc.anything(), (saved) => {
      expect(Object.keys(restoredView(saved)).sort()).toEqual(Object.keys(defaultView).sort());
    }),
  );
  const mine = {
    ...defaultView,
    folds: { Data: true },
    split: 'test' as const,
    klass: 'car',
    openLayers: ['blocks.6'],
    book: 'log' as const,
    scroll: 90,
  };
  expect(restoredView(JSON.parse(JSON.stringify(mine)))).toEqual(mine);
});

test('a run folds what is no longer needed; a fold made by hand stays', () => {
  expect(isFolded({}, 'Data', false, true)).toBe(false);
  expect(isFolded({}, 'Data', true, true)).toBe(true);
  expect(isFolded({ Data: false }, 'Data', true, true)).toBe(false);
  expect(isFolded({}, 'Training', true, false)).toBe(false);
  expect(isFolded({}, 'Layers', true, false)).toBe(true);
  expect(isFolded({ Layers: true }, 'Layers', true, true)).toBe(false);
});
