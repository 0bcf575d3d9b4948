// Draws media/icon.png, which the marketplace wants as pixels, from media/icon.svg. usage: node scripts/icon.mjs
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const media = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'media');
await sharp(path.join(media, 'icon.svg'), { density: 72 })
  .resize(256, 256)
  .png({ compressionLevel: 9 })
  .toFile(path.join(media, 'icon.png'));
