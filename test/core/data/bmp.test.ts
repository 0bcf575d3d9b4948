import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePicture, openDataset } from '../../../src/core/data';
import { decodeBmp } from '../../../src/core/data/bmp';
import { folderOf, many } from './making';

type Bits = 1 | 4 | 8 | 16 | 24 | 32;
interface Written {
  bits: Bits;
  width: number;
  height: number;
  topDown: boolean;
  /** Colours of the palette, or of the pixels (16 bits: five a channel). */
  colours: number[];
}

/** Writes a bitmap with BITMAPINFOHEADER, and the RGBA that it holds. */
function written({ bits, width, height, topDown, colours }: Written): { file: Buffer; pixels: Uint8Array } {
  const palette = bits <= 8 ? Array.from({ length: 2 ** bits }, (_, i) => colours[i % colours.length] as number) : [];
  const stride = Math.ceil((width * bits) / 32) * 4;
  const gap = 6; // writers may leave room before the pixels
  const offset = 54 + palette.length * 4 + gap;
  const file = Buffer.alloc(offset + stride * height);
  file.write('BM', 'latin1');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(offset, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(topDown ? -height : height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(bits, 28);
  palette.forEach((colour, i) => {
    file.writeUInt32LE(colour, 54 + i * 4);
  });
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = colours[(y * width + x) % colours.length] as number;
      const index = (x * 31 + y * 17) % 2 ** Math.min(bits, 8);
      const row = offset + stride * (topDown ? y : height - 1 - y);
      let colour = value;
      if (bits <= 8) {
        colour = palette[index] as number;
        const at = row + Math.floor((x * bits) / 8);
        file[at] = (file[at] as number) | (index << (8 - bits - ((x * bits) % 8)));
      } else if (bits === 16) {
        file.writeUInt16LE(((value >> 19) & 31) * 1024 + ((value >> 11) & 31) * 32 + ((value >> 3) & 31), row + x * 2);
        const stretch = (five: number) => Math.round((five * 255) / 31);
        colour = (stretch((value >> 19) & 31) << 16) | (stretch((value >> 11) & 31) << 8) | stretch((value >> 3) & 31);
      } else file.writeUIntLE(value, row + (x * bits) / 8, 3);
      pixels.set([(colour >> 16) & 255, (colour >> 8) & 255, colour & 255, 255], (y * width + x) * 4);
    }
  return { file, pixels };
}

const anyBitmap = fc.record({
  bits: fc.constantFrom<Bits[]>(1, 4, 8, 16, 24, 32),
  width: fc.integer({ min: 1, max: 40 }),
  height: fc.integer({ min: 1, max: 12 }),
  topDown: fc.boolean(),
  colours: fc.array(fc.integer({ min: 0, max: 0xffffff }), { minLength: 1, maxLength: 60 }),
});

describe('bitmaps', () => {
  test('every depth, either way up, with and without padding, reads as written', () => {
    fc.assert(
      fc.property(anyBitmap, (bitmap) => {
        const { file, pixels } = written(bitmap);
        expect(decodeBmp(file)).toEqual({ width: bitmap.width, height: bitmap.height, data: pixels });
      }),
    );
  });

  test('a bitmap cut off anywhere is refused', () => {
    fc.assert(
      fc.property(anyBitmap, fc.double({ min: 0, max: 0.999, noNaN: true }), (bitmap, share) => {
        const { file } = written({ ...bitmap, width: 32 }); // rows without padding: the last byte counts
        expect(() => decodeBmp(file.subarray(0, Math.floor(file.length * share)))).toThrow();
      }),
    );
  });

  test('any bytes after a header are read or refused, with no more memory than the file has pixels', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 54, maxLength: 400 }), (bytes) => {
        bytes.set([0x42, 0x4d]);
        bytes.set([40, 0, 0, 0], 14);
        try {
          const { width, height, data } = decodeBmp(bytes);
          expect(data.length).toBe(width * height * 4);
          expect(width * height).toBeLessThanOrEqual(bytes.length * 8);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect(error).not.toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  test('masks place the channels; the alpha mask counts', () => {
    const file = Buffer.alloc(14 + 56 + 8);
    file.write('BM', 'latin1');
    file.writeUInt32LE(70, 10);
    file.writeUInt32LE(56, 14);
    file.writeInt32LE(2, 18);
    file.writeInt32LE(1, 22);
    file.writeUInt16LE(32, 28);
    file.writeUInt32LE(3, 30);
    for (const [i, mask] of [0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000].entries()) file.writeUInt32LE(mask, 54 + i * 4);
    file.writeUInt32LE(0x80302010, 70);
    file.writeUInt32LE(0xff0000fe, 74);
    expect([...decodeBmp(file).data]).toEqual([0x10, 0x20, 0x30, 0x80, 0xfe, 0, 0, 0xff]);
  });

  test('they are examples like any other picture', async () => {
    const { file } = written({ bits: 24, width: 20, height: 20, topDown: false, colours: [0xc08040] });
    const root = await folderOf({ ...(await many('a/', 2)), 'b/one.bmp': file, 'b/cut.bmp': file.subarray(0, 700) });
    const dataset = await openDataset(root, { validationSplit: 0, testSplit: 0 });
    expect(dataset.examples.map((example) => example.path)).toContain('b/one.bmp');
    expect(dataset.summary.problems).toContainEqual(expect.objectContaining({ code: 'unreadable', files: ['b/cut.bmp'] }));
    const image = await decodePicture(
      await readFile(join(root, 'b/one.bmp')),
      { size: 8, crop: 1, interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] },
      null,
    );
    expect([0, 64, 128].map((i) => Math.round((image[i] as number) * 255))).toEqual([0xc0, 0x80, 0x40]);
  });
});
