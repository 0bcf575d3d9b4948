import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FeatureStore } from '../../../src/core/training/featureStore';
import { temporaryFolder } from '../runs/sample';

test('what is put in comes out, from memory or from the file, in any order', async () => {
  const folder = temporaryFolder();
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 200 }),
      fc.array(fc.tuple(fc.integer({ min: -1, max: 3 }), fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 8 }))),
      async (narrow, limit, puts) => {
        // Examples of one batch are equally wide; those of another may be otherwise.
        const widthOf = (examples: readonly number[]) => ((examples[0] as number) % 2 === 0 ? narrow : 2 * narrow);
        const alike = puts.map(([view, examples]) => [view, examples.filter((e) => e % 2 === (examples[0] as number) % 2)] as const);
        const path = join(folder, `features-${n++}.bin`);
        const store = new FeatureStore('key', limit, path);
        const truth = new Map<string, number[]>();
        let value = 0;
        for (const [view, examples] of alike) {
          const width = widthOf(examples);
          const rows = Float32Array.from({ length: examples.length * width }, () => Math.fround(Math.sin(value++)));
          await store.put(view, examples, rows, width);
          for (const [i, example] of examples.entries()) {
            const key = `${view}/${example}`;
            if (!truth.has(key)) truth.set(key, [...rows.slice(i * width, (i + 1) * width)]);
          }
        }
        for (const [view, examples] of alike.reverse()) {
          const wanted = [...examples].reverse();
          expect([...(await store.read(view, wanted, widthOf(examples)))]).toEqual(
            wanted.flatMap((example) => truth.get(`${view}/${example}`)),
          );
          expect(store.has(view, 51)).toBe(false);
        }
        await store.dispose();
        expect(existsSync(path)).toBe(false);
      },
    ),
    { numRuns: 40 },
  );
});
