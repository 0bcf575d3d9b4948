import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Chunk, chunksOf, epochOrder } from '../../../src/core/training/chunks';

/** The same, said plainly. */
function expectedChunks(order: readonly number[], batchSize: number, formOf: (example: number) => number): Chunk[] {
  const chunks: Chunk[] = [];
  const ofForm = new Map<number, number[]>();
  const close = (form: number, batch: readonly number[]) => {
    const all = order.filter((example) => formOf(example) === form);
    const filling = Array.from({ length: batchSize - batch.length }, (_, i) => all[i % all.length] as number);
    chunks.push({ examples: [...batch, ...filling], real: batch.length, form });
  };
  for (const example of order) {
    const form = formOf(example);
    const batch = [...(ofForm.get(form) ?? []), example];
    ofForm.set(form, batch.length === batchSize ? [] : batch);
    if (batch.length === batchSize) close(form, batch);
  }
  for (const [form, batch] of [...ofForm].sort(([a], [b]) => a - b)) if (batch.length > 0) close(form, batch);
  return chunks;
}

test('batches are of one size and one form, in the order of their last examples, filled up from the beginning', () => {
  const orders = fc.uniqueArray(fc.nat(500), { maxLength: 60 });
  fc.assert(
    fc.property(orders, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4 }), fc.nat(20), (order, batchSize, forms, from) => {
      const formOf = (example: number) => (example * 7) % forms;
      const chunks = chunksOf(order, batchSize, formOf);
      const expected = expectedChunks(order, batchSize, formOf);
      expect([...chunks]).toEqual(expected);
      expect(chunks.length).toBe(expected.length);
      expect([...chunks.from(from)]).toEqual(expected.slice(from));
      const wanted = ({ examples }: Chunk) => (examples[0] as number) % 2 === 0;
      expect([...chunks.from(from).filter(wanted)]).toEqual(expected.slice(from).filter(wanted));
      expect([...chunksOf(Uint32Array.from(order), batchSize, formOf)]).toEqual(expected);
    }),
  );
});

test('an epoch has every example once', () => {
  const members = Uint32Array.from({ length: 100 }, (_, i) => 3 * i);
  const order = epochOrder(1, 0, members);
  expect([...order].sort((a, b) => a - b)).toEqual([...members]);
  expect(order).not.toEqual(epochOrder(1, 1, members));
});
