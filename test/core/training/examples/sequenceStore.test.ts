import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SequenceStore } from '../../../../src/core/training/examples/sequenceStore';
import type { Sequence } from '../../../../src/core/training/examples/sequences';
import { newFolder } from '../harness';

const vocabularies = [100, 70_000]; // in two bytes a token, in four

const sequence = (vocabulary: number): fc.Arbitrary<Sequence> => {
  const token = fc.nat({ max: vocabulary - 1 });
  const bits = (length: number) => fc.array(fc.nat({ max: 1 }), { minLength: length, maxLength: length });
  return fc
    .array(token, { maxLength: 40 })
    .chain((ids) =>
      fc.record(
        { ids: fc.constant(ids), types: bits(ids.length), learned: bits(ids.length), target: fc.array(token, { maxLength: 9 }) },
        { requiredKeys: ['ids'] },
      ),
    );
};

const plain = ({ types = [], ...parts }: Sequence) =>
  Object.fromEntries(
    // That all is of the first text goes without saying.
    Object.entries({ ...parts, ...(Array.from(types).includes(1) && { types }) }).map(([name, part]) => [name, Array.from(part)]),
  );

test.each(vocabularies)('sequences of %d tokens are read as they were written, from memory and from a file', async (vocabulary) => {
  const property = fc.asyncProperty(fc.array(sequence(vocabulary), { maxLength: 12 }), fc.nat({ max: 60 }), async (all, memoryBytes) => {
    const store = new SequenceStore(vocabulary, { folder: newFolder(), memoryBytes });
    for (const each of all) await store.append(each);
    for (const [i, each] of [...all.entries()].reverse()) expect(plain(await store.read(i))).toEqual(plain(each));
    await store.close();
  });
  await fc.assert(property, { numRuns: 60 });
});
