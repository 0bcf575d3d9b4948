import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';

/** A folder of `count` generated photos (JPEG, 320 × 240, about 15 kB) in two classes, made once. */
export async function generatedPhotos(folder, count) {
  const done = path.join(folder, `${count}.done`);
  const data = path.join(folder, 'photos');
  if (existsSync(done)) return data;
  for (const name of ['stripes', 'spots']) mkdirSync(path.join(data, name), { recursive: true });
  for (let from = 0; from < count; from += 16)
    await Promise.all(Array.from({ length: Math.min(16, count - from) }, (_, i) => photo(data, from + i)));
  writeFileSync(done, '');
  return data;
}

async function photo(data, i) {
  const hue = (i * 137.5) % 360;
  const mark = (k) =>
    i % 2
      ? `<circle cx="${(k * 97 + i * 31) % 320}" cy="${(k * 61 + i * 17) % 240}" r="${8 + ((k * i) % 20)}"/>`
      : `<rect x="${(k * 53 + i * 29) % 320}" width="${4 + ((k + i) % 12)}" height="240"/>`;
  const marks = Array.from({ length: 12 }, (_, k) => mark(k)).join('');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><rect width="320" height="240" fill="hsl(${hue} 40% 60%)"/><g fill="hsl(${(hue + 150) % 360} 60% ${20 + (i % 50)}%)">${marks}</g></svg>`;
  await sharp(Buffer.from(svg))
    .jpeg({ quality: 85 })
    .toFile(path.join(data, i % 2 ? 'spots' : 'stripes', `${String(i).padStart(5, '0')}.jpg`));
}
