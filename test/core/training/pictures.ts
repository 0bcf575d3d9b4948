import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { RandomStream } from '../../../src/core/random';

/**
 * Draws `each` small pictures a class into `root/<split>/<class>`: a bright blob on the left or on the right, on noise.
 * Easy to learn in a few epochs, and no two are the same.
 */
export async function drawPictures(
  root: string,
  { each = 12, side = 40, seed = 1, splits = ['train', 'val', 'test'] } = {},
): Promise<string> {
  for (const split of splits) {
    for (const [label, name] of ['left', 'right'].entries()) {
      const folder = join(root, split, name);
      mkdirSync(folder, { recursive: true });
      for (let i = 0; i < each; i++) {
        const random = new RandomStream(seed, split, name, i);
        const pixels = Buffer.alloc(side * side * 3);
        const cx = side * (label === 0 ? 0.3 : 0.7);
        const cy = side * (0.3 + 0.4 * random.uniform());
        const green = random.integer(120);
        for (let p = 0; p < side * side; p++) {
          const inside = (p % side) - cx;
          const below = Math.floor(p / side) - cy;
          const blob = inside ** 2 + below ** 2 < (side / 5) ** 2;
          pixels[3 * p] = (blob ? 180 : 40) + random.integer(60);
          pixels[3 * p + 1] = green + random.integer(30);
          pixels[3 * p + 2] = random.integer(80);
        }
        await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
          .png()
          .toFile(join(folder, `${name}-${i}.png`));
      }
    }
  }
  return root;
}
