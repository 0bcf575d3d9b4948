import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeBatch, decodePicture, type ImageTarget, openDataset, PictureCache, viewOf } from '../../../src/core/data';
import { ThawError } from '../../../src/protocol/failure';
import { bomb, drawn, folderOf, many, scene } from './making';

const plainTarget = (size: number, crop = 1): ImageTarget => ({ size, crop, interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] });

/** The colour at a place of a decoded picture, 0…255. */
function at(image: Float32Array, size: number, x: number, y: number): number[] {
  return [0, 1, 2].map((channel) => Math.round((image[channel * size * size + y * size + x] as number) * 255));
}

function expectClose(actual: number[], expected: number[], tolerance: number) {
  for (const [i, value] of expected.entries())
    expect(Math.abs((actual[i] as number) - value), `${actual} ≈ ${expected}`).toBeLessThanOrEqual(tolerance);
}

/** Left half red, right half blue, with a green corner at the top left. */
const corner = drawn(64, 64, (x, y) => (x < 16 && y < 16 ? [0, 200, 0] : x < 32 ? [200, 0, 0] : [0, 0, 200]));
const pattern = () => sharp(corner, { raw: { width: 64, height: 64, channels: 3 } });

async function expectPattern(file: Uint8Array, tolerance: number) {
  const image = await decodePicture(file, plainTarget(64), null);
  expectClose(at(image, 64, 6, 6), [0, 200, 0], tolerance);
  expectClose(at(image, 64, 10, 50), [200, 0, 0], tolerance);
  expectClose(at(image, 64, 50, 10), [0, 0, 200], tolerance);
}

describe('formats', () => {
  test.each([
    ['JPEG', () => pattern().jpeg({ quality: 95 }), 12],
    ['progressive JPEG', () => pattern().jpeg({ quality: 95, progressive: true }), 12],
    ['PNG', () => pattern().png(), 0],
    ['interlaced PNG', () => pattern().png({ progressive: true }), 0],
    ['palette PNG', () => pattern().png({ palette: true }), 2],
    ['WebP', () => pattern().webp({ quality: 90 }), 12],
    ['lossless WebP', () => pattern().webp({ lossless: true }), 0],
    ['GIF', () => pattern().gif(), 8],
    ['TIFF', () => pattern().tiff({ compression: 'lzw' }), 0],
    ['AVIF', () => pattern().avif({ quality: 80 }), 14],
    ['16-bit PNG', () => pattern().toColourspace('rgb16').png(), 0],
    ['16-bit TIFF', () => pattern().toColourspace('rgb16').tiff({ compression: 'lzw' }), 0],
  ])('%s', async (_, make, tolerance) => {
    await expectPattern(await make().toBuffer(), tolerance);
  });

  test('CMYK JPEG and TIFF come out in their colours, not inverted', async () => {
    for (const file of [
      await pattern().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(),
      await pattern().toColourspace('cmyk').tiff().toBuffer(),
    ]) {
      expect((await sharp(file).metadata()).space).toBe('cmyk');
      const image = await decodePicture(file, plainTarget(64), null);
      const [red, green, blue] = at(image, 64, 10, 50) as [number, number, number];
      expect(red).toBeGreaterThan(150);
      expect(Math.max(green, blue)).toBeLessThan(90);
    }
  });

  test('grey, in 8 and 16 bits, fills all three channels', async () => {
    const grey = sharp(Buffer.alloc(32 * 32, 77), { raw: { width: 32, height: 32, channels: 1 } });
    const deep = sharp(new Uint16Array(32 * 32).fill(77 * 257), { raw: { width: 32, height: 32, channels: 1 } });
    const files = [
      await grey.clone().toColourspace('b-w').png().toBuffer(),
      await grey.clone().toColourspace('b-w').jpeg({ quality: 100 }).toBuffer(),
      await deep.toColourspace('grey16').png().toBuffer(),
    ];
    expect((await sharp(files[0]).metadata()).channels).toBe(1);
    expect((await sharp(files[2]).metadata()).depth).toBe('ushort');
    for (const file of files) expectClose(at(await decodePicture(file, plainTarget(32), null), 32, 5, 5), [77, 77, 77], 1);
  });

  test('what is transparent is seen on white, whatever colour lies under it', async () => {
    const data = Buffer.alloc(16 * 16 * 4);
    for (let i = 0; i < data.length; i += 4) data.set(i < data.length / 2 ? [255, 0, 0, 0] : [255, 0, 0, 255], i);
    const picture = sharp(data, { raw: { width: 16, height: 16, channels: 4 } });
    for (const file of [
      await picture.clone().png().toBuffer(),
      await picture.clone().webp({ lossless: true }).toBuffer(),
      await picture.clone().gif().toBuffer(),
    ]) {
      const image = await decodePicture(file, plainTarget(16), null);
      expectClose(at(image, 16, 8, 2), [255, 255, 255], 1);
      expectClose(at(image, 16, 8, 13), [255, 0, 0], 4);
    }
  });

  test('of an animated GIF the first frame counts', async () => {
    const frames = Buffer.concat([Buffer.alloc(16 * 16 * 3, 250), Buffer.alloc(16 * 16 * 3, 10)]);
    const file = await sharp(frames, { raw: { width: 16, height: 32, channels: 3, pageHeight: 16 } })
      .gif({ delay: [50, 50] })
      .toBuffer();
    expect((await sharp(file).metadata()).pages).toBe(2);
    expectClose(at(await decodePicture(file, plainTarget(16), null), 16, 8, 8), [250, 250, 250], 4);
  });

  test('each of the eight EXIF orientations is turned upright', async () => {
    for (let orientation = 1; orientation <= 8; orientation++) {
      // Stored so that the reader's turn gives the pattern back: undo it with sharp's own reading of the tag.
      const upright = await pattern().png().toBuffer();
      const undo: Record<number, (s: Sharp) => Sharp> = {
        1: (s) => s,
        2: (s) => s.flop(),
        3: (s) => s.rotate(180),
        4: (s) => s.flip(),
        5: (s) => s.rotate(270).flop(),
        6: (s) => s.rotate(270),
        7: (s) => s.rotate(90).flop(),
        8: (s) => s.rotate(90),
      };
      const stored = await (undo[orientation] as (s: Sharp) => Sharp)(sharp(upright)).png().toBuffer();
      await expectPattern(await sharp(stored).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer(), 12);
    }
  });

  test('an orientation that swaps the sides is known before scaling', async () => {
    const wide = sharp(
      drawn(80, 40, (x) => (x < 40 ? [250, 0, 0] : [0, 0, 250])),
      { raw: { width: 80, height: 40, channels: 3 } },
    );
    const image = await decodePicture(await wide.withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer(), plainTarget(40), null);
    expectClose(at(image, 40, 20, 5), [250, 0, 0], 12); // seen: 40 wide, 80 high, red above
    expectClose(at(image, 40, 20, 35), [0, 0, 250], 12);
  });
});

describe("timm's evaluation", () => {
  const here = join(__dirname, 'fixtures');
  const cases: { size: number; crop: number; interpolation: 'bicubic' | 'bilinear'; pixels: string }[] = JSON.parse(
    readFileSync(join(here, 'preprocess.json'), 'utf8'),
  );
  test.each(cases)('$size², crop $crop, $interpolation', async ({ size, crop, interpolation, pixels }) => {
    const expected = Buffer.from(pixels, 'base64');
    const image = await decodePicture(join(here, 'noise.png'), { ...plainTarget(size, crop), interpolation }, null);
    const apart = expected.map((value, i) => Math.abs(value - Math.round((image[i] as number) * 255)));
    expect(Math.max(...apart)).toBeLessThanOrEqual(3);
    expect(apart.reduce((a, b) => a + b, 0) / apart.length).toBeLessThan(0.3);
  });

  test('a large JPEG, read in part, stays close to the same picture read whole', async () => {
    const large = await scene(3, 2000, 1500).jpeg({ quality: 95 }).toBuffer();
    const whole = await sharp(large).png().toBuffer();
    const target = plainTarget(64, 0.875);
    const [a, b] = await Promise.all([decodePicture(large, target, null), decodePicture(whole, target, null)]);
    const apart = a.map((value, i) => 255 * Math.abs(value - (b[i] as number)));
    expect(Math.max(...apart)).toBeLessThan(8);
    expect(apart.reduce((sum, value) => sum + value, 0) / apart.length).toBeLessThan(1);
  });

  test('mean and deviation are those of each channel', async () => {
    const file = await sharp({ create: { width: 9, height: 9, channels: 3, background: { r: 255, g: 0, b: 51 } } })
      .png()
      .toBuffer();
    const image = await decodePicture(
      file,
      { size: 4, crop: 1, interpolation: 'bilinear', mean: [0.5, 0.4, 0.2], std: [0.5, 0.2, 0.1] },
      null,
    );
    for (const [channel, value] of [1, -2, 0].entries()) for (let i = 0; i < 16; i++) expect(image[channel * 16 + i]).toBeCloseTo(value, 5);
  });

  test.each([
    [1, 1],
    [1, 300],
    [300, 1],
    [3, 2],
  ])('a picture of %i × %i pixels fills the square', async (width, height) => {
    const file = await sharp({ create: { width, height, channels: 3, background: '#336699' } })
      .png()
      .toBuffer();
    for (const view of [null, viewOf('standard', 1, 0, 'a')]) {
      const image = await decodePicture(file, plainTarget(24, 0.875), view && { ...view, brightness: 1, contrast: 1, saturation: 1 });
      for (const [x, y] of [
        [0, 0],
        [23, 0],
        [12, 12],
        [0, 23],
        [23, 23],
      ] as const)
        expectClose(at(image, 24, x, y), [0x33, 0x66, 0x99], 1);
    }
  });
});

describe('views', () => {
  test('a mirrored view is the exact mirror of the plain one', async () => {
    const file = await scene(1).png().toBuffer();
    const size = 32;
    const plain = await decodePicture(file, plainTarget(size), null);
    const mirrored = await decodePicture(file, plainTarget(size), { flip: true, crops: [], brightness: 1, contrast: 1, saturation: 1 });
    expect(mirrored).not.toEqual(plain);
    for (let row = 0; row < 3 * size; row++)
      for (let x = 0; x < size; x++) expect(mirrored[row * size + x]).toBe(plain[row * size + size - 1 - x]);
  });

  test('a crop shows its part of the picture', async () => {
    const view = { flip: false, crops: [{ area: 0.25, ratio: 1, x: 0.999, y: 0 }], brightness: 1, contrast: 1, saturation: 1 };
    const image = await decodePicture(await pattern().png().toBuffer(), plainTarget(16), view);
    for (const [x, y] of [
      [1, 1],
      [14, 1],
      [1, 14],
      [14, 14],
    ] as const)
      expectClose(at(image, 16, x, y), [0, 0, 200], 2);
  });

  test('the same view gives the same bytes', async () => {
    const file = await scene(2, 640, 480).jpeg().toBuffer();
    const view = viewOf('standard', 5, 3, 'cats/1.jpg');
    const [a, b] = await Promise.all([decodePicture(file, plainTarget(48), view), decodePicture(file, plainTarget(48), view)]);
    expect(a).toEqual(b);
  });
});

describe('what cannot be read', () => {
  test('the error names the file, the cause and the way out', async () => {
    const whole = await scene(1, 400, 300).jpeg().toBuffer();
    const root = await folderOf({
      'cut off.jpg': whole.subarray(0, 3000),
      'program.jpg': 'MZ\x90\0',
      'nothing.png': '',
      'bomb.png': bomb(30_000, 30_000),
    });
    for (const [name, cause] of [
      ['cut off.jpg', /end/],
      ['program.jpg', /not a picture/],
      ['nothing.png', /empty/],
      ['bomb.png', /30000/],
      ['gone.png', /ENOENT/],
    ] as const) {
      const error = await decodePicture(join(root, name), plainTarget(8), null).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ThawError);
      const { failure } = error as ThawError;
      expect(failure.code).toBe('data.unreadable');
      expect(failure.path).toBe(join(root, name));
      expect(failure.message).toContain(name);
      expect(failure.message).toMatch(cause);
      expect(failure.hint).not.toBe('');
    }
  });

  test('a batch holds zeros where a picture is damaged, and goes on', async () => {
    const root = await folderOf({ ...(await many('a/', 3)), ...(await many('b/', 3, 10)) });
    const dataset = await openDataset(root, { validationSplit: 0, testSplit: 0 });
    await writeFile(join(root, dataset.examples[1]?.path as string), 'no longer a picture');
    const { images, unreadable } = await decodeBatch(dataset, [5, 1, 0], plainTarget(4), [null, null, null]);
    expect(unreadable).toEqual([1]);
    expect(images.subarray(48, 96)).toEqual(new Float32Array(48));
    expect(images.subarray(0, 48)).toEqual(await decodePicture(join(root, dataset.examples[5]?.path as string), plainTarget(4), null));
  });

  test('a cache gives what decoding again would give, mirrored, cropped or neither, and holds no more than its limit', async () => {
    const root = await folderOf({ ...(await many('a/', 3)), ...(await many('b/', 3, 10)) });
    const dataset = await openDataset(root, { validationSplit: 0, testSplit: 0 });
    const cache = new PictureCache(5 * 3 * 4 * 4); // five of the six
    const all = [0, 1, 2, 3, 4, 5];
    const pathOf = (i: number) => dataset.examples[i]?.path as string;
    for (const [augmentation, epoch] of [
      ['flip', 0],
      ['standard', 0],
      ['none', 0],
      ['flip', 1],
    ] as const) {
      const views = all.map((i) => viewOf(augmentation, 7, epoch, pathOf(i)));
      const { images } = await decodeBatch(dataset, all, plainTarget(4), views, cache);
      for (const i of all)
        expect(images.subarray(i * 48, (i + 1) * 48)).toEqual(await decodePicture(join(root, pathOf(i)), plainTarget(4), views[i] ?? null));
    }
    expect(all.filter((i) => cache.get(i))).toHaveLength(5);
    await rm(root, { recursive: true });
    const held = all.filter((i) => cache.get(i));
    const { unreadable } = await decodeBatch(
      dataset,
      held,
      plainTarget(4),
      held.map(() => null),
      cache,
    );
    expect(unreadable).toEqual([]);
  });

  test('a folder that is gone ends the batch', async () => {
    const root = await folderOf({ ...(await many('a/', 2)), ...(await many('b/', 2, 10)) });
    const dataset = await openDataset(root, { validationSplit: 0, testSplit: 0 });
    await rm(root, { recursive: true });
    await expect(decodeBatch(dataset, [0, 1], plainTarget(4), [null, null])).rejects.toMatchObject({
      failure: { code: 'io.gone', path: root },
    });
  });
});
