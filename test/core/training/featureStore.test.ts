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
      async (width, limit, puts) => {
        const path = join(folder, `features-${n++}.bin`);
        const store = new FeatureStore('key', width, limit, path);
        const truth = new Map<string, number[]>();
        let value = 0;
        for (const [view, examples] of puts) {
          const rows = Float32Array.from({ length: examples.length * width }, () => Math.fround(Math.sin(value++)));
          await store.put(view, examples, rows);
          for (const [i, example] of examples.entries()) {
            const key = `${view}/${example}`;
            if (!truth.has(key)) truth.set(key, [...rows.slice(i * width, (i + 1) * width)]);
          }
        }
        for (const [view, examples] of puts.reverse()) {
          const wanted = [...examples].reverse();
          expect([...(await store.read(view, wanted))]).toEqual(wanted.flatMap((example) => truth.get(`${view}/${example}`)));
          expect(store.has(view, 51)).toBe(false);
        }
        await store.dispose();
        expect(existsSync(path)).toBe(false);
      },
    ),
    { numRuns: 40 },
  );
});
