import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteStore, blockBytes } from '../../../../src/core/data/text/byteStore';
import { folderOf } from '../making';

/** Bytes of which no stretch is like its neighbour. */
const truth = Buffer.alloc(8 * blockBytes);
for (let i = 0; i < truth.length; i += 4) truth.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);

it('what is put in comes out, in memory or in a file, while more is put in, and by many readers at once', async () => {
  const folder = await folderOf({});
  const sizes = fc.array(fc.oneof(fc.nat(40), fc.integer({ min: blockBytes / 2, max: 2 * blockBytes })), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.constantFrom(0, 100, blockBytes, 4 * blockBytes, 1e9),
      fc.infiniteStream(fc.nat()),
      async (lengths, memoryBytes, any) => {
        const store = new ByteStore({ folder, memoryBytes });
        let length = 0;
        const look = async () => {
          const from = (any.next().value as number) % (length + 1);
          const to = from + ((any.next().value as number) % (length - from + 1));
          expect((await store.read(from, to)).equals(truth.subarray(from, to))).toBe(true);
        };
        for (const more of lengths) {
          await store.append(Buffer.from(truth.subarray(length, length + more)));
          length += more;
          expect(store.length).toBe(length);
          if ((any.next().value as number) % 3 === 0) await Promise.all([look(), look()]);
        }
        await Promise.all(Array.from({ length: 8 }, look));
        expect((await store.read(0, length)).equals(truth.subarray(0, length))).toBe(true);
        await expect(store.read(0, length + 1)).rejects.toThrow(RangeError);
        await store.close();
        expect(await readdir(folder)).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
}, 30_000);

it('many who read at once, before anything was written aside, share one file', async () => {
  const folder = await folderOf({});
  const store = new ByteStore({ folder, memoryBytes: 10 });
  for (let i = 0; i < 100; i++) await store.append(truth.subarray(10 * i, 10 * i + 10));
  const found = await Promise.all(Array.from({ length: 100 }, (_, i) => store.read(10 * i, 10 * i + 10)));
  expect(Buffer.concat(found).equals(truth.subarray(0, 1000))).toBe(true);
  await store.close();
  expect(await readdir(folder)).toEqual([]);
});

it('a folder that cannot be written to is named, with a way out', async () => {
  const folder = join(await folderOf({ file: '' }), 'file', 'inside');
  const store = new ByteStore({ folder, memoryBytes: 0 });
  const writing = store.append(Buffer.alloc(blockBytes));
  await expect(writing).rejects.toMatchObject({ failure: { path: folder, hint: expect.stringContaining('TMPDIR') } });
  await expect(store.read(0, 1)).rejects.toMatchObject({ failure: { path: folder } }); // never half of it
  await store.close();
});
