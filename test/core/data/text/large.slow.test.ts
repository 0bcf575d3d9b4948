import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTextDataset } from '../../../../src/core/data/text';
import { folderOf } from '../making';

/** A table of some 200 MB, all rows different. */
function large(path: string): number {
  const file = openSync(path, 'w');
  const words = 'the a model learns layer by from texts and frozen melting ice water river slowly again never'.split(' ');
  writeSync(file, 'id,label,text\n');
  let count = 0;
  for (let megabytes = 0; megabytes < 200; megabytes++) {
    const lines: string[] = [];
    for (let bytes = 0; bytes < 1e6; count++) {
      const text = Array.from({ length: 30 }, (_, k) => words[(count * (k + 3) + k * k) % words.length]).join(' ');
      const line = `${count},${count % 3 ? 'ham' : 'spam'},"${text}, number ${count}"\n`;
      bytes += line.length;
      lines.push(line);
    }
    writeSync(file, lines.join(''));
  }
  closeSync(file);
  return count;
}

it('a large table is previewed at once and gone through with flat memory', async () => {
  const root = await folderOf({});
  const count = large(join(root, 'a.csv'));
  const before = process.memoryUsage().rss;
  const began = Date.now();
  let previewed = 0;
  let peak = 0;
  const watch = () => {
    peak = Math.max(peak, process.memoryUsage().rss);
  };
  const dataset = await openTextDataset(join(root, 'a.csv'), {
    validationSplit: 0.1,
    testSplit: 0.1,
    cacheFolder: join(root, 'cache'),
    onPreview: () => {
      previewed = Date.now() - began;
    },
    onRows: watch,
  });
  console.log(`${count} rows: previewed after ${previewed} ms, read in ${(Date.now() - began) / 1000} s`);
  expect(previewed).toBeLessThan(1000);
  expect(dataset.count).toBe(count);
  expect(await dataset.read(count - 1)).toMatchObject({ text: expect.stringContaining(`number ${count - 1}`) });
  let seen = 0;
  for await (const { example } of dataset.readAll()) {
    if (example % 10_000 === 0) watch();
    seen++;
  }
  expect(seen).toBe(count);
  console.log(`memory: ${Math.round((peak - before) / 1e6)} MB above ${Math.round(before / 1e6)} MB`);
  expect(peak - before).toBeLessThan(400e6);
  await dataset.close();
});
