import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeBatch, openDataset, prefetched, viewOf } from '../../../src/core/data';
import { folderOf, scene } from './making';

const count = 10_000;
const megabytes = () => process.memoryUsage().rss / 2 ** 20;

test('10,000 pictures are counted at once, checked in seconds and read over in flat memory', async () => {
  const root = await folderOf({});
  const photos = await Promise.all([1, 2, 3, 4].map((seed) => scene(seed, 160, 120).jpeg().toBuffer()));
  for (const name of ['a', 'b', 'c', 'd']) await mkdir(join(root, name));
  for (let i = 0; i < count; i++) {
    const number = Buffer.alloc(4); // bytes after the end of a JPEG are nobody's business, but make it another file
    number.writeUInt32LE(i);
    await writeFile(join(root, 'abcd'[i % 4] as string, `${i}.jpg`), Buffer.concat([photos[i % 4] as Buffer, number]));
  }
  const before = megabytes();
  const began = performance.now();
  let counted = 0;
  const dataset = await openDataset(root, {
    validationSplit: 0.15,
    testSplit: 0.15,
    onProgress: () => {
      counted ||= performance.now() - began;
    },
  });
  const checked = performance.now() - began;
  expect(dataset.examples).toHaveLength(count);
  expect(counted).toBeLessThan(2000);
  expect(checked).toBeLessThan(30_000);
  const opened = megabytes();
  expect(opened - before).toBeLessThan(150);

  const target = { size: 64, crop: 0.875, interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const batches = 150;
  const peaks: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    let peak = 0;
    const batch = (i: number) => {
      const indices = Array.from({ length: 16 }, (_, k) => i * 16 + k);
      const views = indices.map((k) => viewOf('standard', 0, epoch, dataset.examples[k]?.path as string));
      return decodeBatch(dataset, indices, target, views);
    };
    for await (const { unreadable } of prefetched(batches, batch, 2)) {
      expect(unreadable).toEqual([]);
      peak = Math.max(peak, megabytes());
    }
    peaks.push(peak);
  }
  console.log(
    `counted ${counted.toFixed(0)} ms, checked ${checked.toFixed(0)} ms; memory ${[before, opened, ...peaks].map(Math.round).join(', ')} MB`,
  );
  expect(peaks[2] as number).toBeLessThan((peaks[0] as number) * 1.2 + 20);
});
