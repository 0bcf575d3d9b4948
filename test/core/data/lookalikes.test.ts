import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { findLookalikes, openDataset, thumbnail } from '../../../src/core/data';
import { bomb, drawn, folderOf, scene } from './making';

const whole = { validationSplit: 0, testSplit: 0 };

/** Different scenes: `count` of them under `prefix`. */
async function scenes(prefix: string, count: number, from: number): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < count; i++)
    files[`${prefix}${i}.png`] = await scene(from + i)
      .png()
      .toBuffer();
  return files;
}

describe('lookalikes', () => {
  test('the same picture scaled, recompressed and slightly changed is found, by splits and classes', async () => {
    const root = await folderOf({
      ...(await scenes('train/a/', 6, 0)),
      ...(await scenes('train/b/', 6, 10)),
      ...(await scenes('test/a/', 3, 20)),
      ...(await scenes('test/b/', 3, 30)),
      'train/a/smaller.png': await scene(21).resize(60).png().toBuffer(),
      'train/a/again.jpg': await scene(2).jpeg({ quality: 40 }).toBuffer(),
      'train/b/brighter.png': await scene(3).linear(1.02, 1).png().toBuffer(),
    });
    const problems = await findLookalikes(await openDataset(root, whole));
    expect(problems.map(({ code, severity, files }) => ({ code, severity, files: [...files].sort() }))).toEqual([
      { code: 'nearDuplicate', severity: 'warning', files: ['test/a/1.png', 'train/a/smaller.png'] },
      { code: 'nearDuplicate', severity: 'warning', files: ['train/a/3.png', 'train/b/brighter.png'] },
      { code: 'nearDuplicate', severity: 'info', files: ['train/a/2.png', 'train/a/again.jpg'] },
    ]);
  });

  test('plain pictures of different colours do not look alike', async () => {
    const colour = (hex: string) =>
      sharp({ create: { width: 20, height: 20, channels: 3, background: hex } })
        .png()
        .toBuffer();
    const root = await folderOf({
      'a/red.png': await colour('#f00'),
      'a/dark.png': await colour('#800'),
      'b/blue.png': await colour('#00f'),
      'b/white.png': await colour('#fff'),
    });
    expect(await findLookalikes(await openDataset(root, whole))).toEqual([]);
  });

  test('pictures damaged inside are found, which the header does not tell', async () => {
    const photo = await scene(1, 300, 200).png().toBuffer();
    const damaged = Buffer.from(photo);
    const middle = Math.floor(damaged.length / 2);
    damaged.fill(7, middle, middle + 200);
    const root = await folderOf({ 'a/fine.png': photo, 'a/damaged.png': damaged, 'b/fine.png': await scene(2).png().toBuffer() });
    const dataset = await openDataset(root, whole);
    expect(dataset.examples).toHaveLength(3);
    const counts: number[] = [];
    const problems = await findLookalikes(dataset, { onProgress: (done) => counts.push(done) });
    expect(problems).toMatchObject([{ code: 'unreadable', files: ['a/damaged.png'], count: 1 }]);
    expect(counts).toEqual([1, 2, 3]);
  });

  test('it can be cancelled', async () => {
    const root = await folderOf({ ...(await scenes('a/', 4, 0)), ...(await scenes('b/', 4, 9)) });
    await expect(findLookalikes(await openDataset(root, whole), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      failure: { code: 'interrupted' },
    });
  });
});

describe('thumbnails', () => {
  test('a square from the middle, upright', async () => {
    const wide = sharp(
      drawn(120, 60, (x) => (x < 60 ? [250, 0, 0] : [0, 0, 250])),
      { raw: { width: 120, height: 60, channels: 3 } },
    );
    const root = await folderOf({ 'turned.jpg': await wide.withMetadata({ orientation: 6 }).jpeg().toBuffer() });
    const { data, info } = await sharp((await thumbnail(join(root, 'turned.jpg'), 32)) as Uint8Array)
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([32, 32]);
    expect(data[(2 * 32 + 16) * 3]).toBeGreaterThan(200); // red above
    expect(data[(29 * 32 + 16) * 3 + 2]).toBeGreaterThan(200); // blue below
  });

  test('null for what cannot be decoded or is too large, at once', async () => {
    const root = await folderOf({ 'bomb.png': bomb(30_000, 30_000), 'text.jpg': 'text', 'empty.png': '' });
    await writeFile(join(root, 'cut.jpg'), (await scene(1, 400, 400).jpeg().toBuffer()).subarray(0, 2000));
    for (const name of ['bomb.png', 'text.jpg', 'empty.png', 'cut.jpg', 'none.png'])
      expect(await thumbnail(join(root, name), 16)).toBeNull();
    expect((await readFile(join(root, 'bomb.png'))).length).toBeLessThan(200);
  });
});
