import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { afterAll } from 'vitest';

const made: string[] = [];
afterAll(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A folder with the given files; it goes when the test file is done. */
export async function folderOf(files: Record<string, Uint8Array | string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'thaw-data-'));
  made.push(root);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** A small picture of one colour, lossless; different colours are different files. */
export function plain(colour: number, format: 'png' | 'jpeg' = 'png'): Promise<Buffer> {
  const background = { r: colour & 255, g: (colour >> 8) & 255, b: (colour >> 16) & 255 };
  return sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}

/** `count` different pictures under `prefix`0.png, `prefix`1.png … */
export async function many(prefix: string, count: number, from = 0): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < count; i++) files[`${prefix}${i}.png`] = await plain((from + i) * 7919);
  return files;
}

/** A picture's pixels by position; RGB. */
export function drawn(width: number, height: number, colour: (x: number, y: number) => readonly [number, number, number]): Buffer {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(colour(x, y), (y * width + x) * 3);
  return data;
}

/** A photograph's stand-in: smooth, coloured, different for each seed. */
export function scene(seed: number, width = 120, height = 90): Sharp {
  const wave = (a: number, x: number, y: number) =>
    128 + 90 * Math.sin(a + ((x * (1 + (seed % 5))) / width) * 6) * Math.cos(a * 2 + (y * 5) / height);
  const data = drawn(width, height, (x, y) => [wave(seed, x, y), wave(seed * 1.7 + 1, y, x), wave(seed * 0.3 + 2, x + y, x)]);
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** A PNG of a few bytes that says it is width × height. */
export function bomb(width: number, height: number): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(1000))), chunk('IEND', Buffer.alloc(0))]);
}
