import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as z from 'zod';
import { exampleRowsSchema, splitSchema } from '../../src/protocol/data';

describe('rows of examples', () => {
  const plain = z.array(z.object({ path: z.string(), label: z.int(), split: splitSchema }));
  const row = fc.record({ path: fc.string(), label: fc.nat(), split: fc.constantFrom('train', 'validation', 'test') });
  const odd = fc.record(
    {
      path: fc.oneof(fc.string(), fc.jsonValue()),
      label: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
      split: fc.oneof(fc.constantFrom('train', 'test', 'toString', ''), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );

  it('are taken as they are', () => {
    fc.assert(fc.property(fc.array(row), (rows) => exampleRowsSchema.parse(rows) === rows));
  });

  it('are let through where a schema of each would, and nowhere else', () => {
    const given = fc.oneof(fc.jsonValue(), fc.array(fc.oneof({ weight: 5, arbitrary: row }, odd, fc.jsonValue()), { maxLength: 4 }));
    fc.assert(fc.property(given, (value) => exampleRowsSchema.safeParse(value).success === plain.safeParse(value).success));
  });
});
