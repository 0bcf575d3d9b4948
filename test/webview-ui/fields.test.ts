import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trainingFieldsSchema } from '../../src/protocol/panel';
import { fields as chosen, eventsUntil } from '../../webview-ui/gallery/world';
import { fieldsOf, limits, type NumberField, parseField } from '../../webview-ui/logic/fields';

const fields = Object.keys(limits) as NumberField[];

test('what the form takes the host takes, and what it refuses the host refuses', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...fields),
      fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -1, 0.5, 0.9, 1, 10, 1024, 10_000)),
      (field, value) => {
        // Below its limit here a seed fits the random streams' 32 bits, which the host checks when a run begins.
        fc.pre(field !== 'seed' || value <= limits.seed.max);
        const parsed = parseField(field, String(value));
        expect('value' in parsed).toBe(trainingFieldsSchema.shape[field].safeParse(value).success);
      },
    ),
    { numRuns: 2000 },
  );
});

test('numbers are read as people type them', () => {
  expect(parseField('learningRate', ' 0,001 ')).toEqual({ value: 0.001 });
  expect(parseField('learningRate', '3e-4')).toEqual({ value: 0.0003 });
  expect(parseField('epochs', '')).toEqual({ refusal: 'notANumber' });
  expect(parseField('epochs', 'ten')).toEqual({ refusal: 'notANumber' });
  expect(parseField('epochs', '2.5')).toEqual({ refusal: 'notWhole' });
  expect(parseField('epochs', '-3')).toEqual({ refusal: 'tooSmall' });
  expect(parseField('learningRate', '0')).toEqual({ refusal: 'tooSmall' });
  expect(parseField('batchSize', '2000')).toEqual({ refusal: 'tooLarge' });
});

test('a run shows what it was begun with', () => {
  const [started] = eventsUntil(0, 'preparing');
  expect(started?.type === 'started' && fieldsOf(started.config)).toEqual(chosen);
});
