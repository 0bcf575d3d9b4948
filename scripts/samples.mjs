// Draws samples/vehicles: 80 cars and 80 trucks in varied views, colours, light, backgrounds, sizes and noise.
// The same program draws the same pictures: each has a seed of its own. usage: node scripts/samples.mjs [FOLDER]
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { background } from './samples/backgrounds.mjs';
import { Dice } from './samples/dice.mjs';
import { car, truck } from './samples/vehicles.mjs';

const count = 80;
const target = path.resolve(process.argv[2] ?? 'samples/vehicles');

for (const [folder, draw] of [
  ['cars', car],
  ['trucks', truck],
]) {
  rmSync(path.join(target, folder), { recursive: true, force: true });
  mkdirSync(path.join(target, folder), { recursive: true });
  for (let i = 0; i < count; i++) {
    const { bytes, format } = await picture(new Dice(`${folder} ${i}`), draw);
    writeFileSync(path.join(target, folder, `${folder.slice(0, -1)}-${String(i + 1).padStart(2, '0')}.${format}`), bytes);
  }
}

/** One picture as a file's bytes. */
async function picture(dice, draw) {
  const width = dice.integer(132, 168);
  const height = Math.round(width * dice.between(0.72, 1.0));
  const scene = background(dice, width, height);
  const vehicle = draw(dice);
  // Fits the frame by its longer side, from nearly all of it down to less than half; sometimes a part is cut off.
  const scale = Math.min((width / vehicle.width) * dice.between(0.6, 0.98), (height / vehicle.height) * dice.between(0.62, 0.92));
  const x = width / 2 + dice.between(-1, 1) * Math.max(4, (width - vehicle.width * scale) / 2);
  const y = scene.ground + (height - scene.ground) * dice.between(0.25, 0.8);
  const flip = dice.chance(0.5) ? -1 : 1;
  const lean = dice.between(-4, 4);
  const shadow = `<ellipse cx="${x}" cy="${y}" rx="${(vehicle.width * scale) / 2}" ry="${vehicle.height * scale * 0.06}" fill="#000" opacity="${dice.between(0.15, 0.45)}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    ${scene.svg}${shadow}
    <g transform="translate(${x} ${y}) rotate(${lean}) skewX(${dice.between(-6, 6)}) scale(${flip * scale} ${scale})">${vehicle.svg}</g>
    ${scene.front}</svg>`;

  const drawn = sharp(Buffer.from(svg))
    .flatten({ background: '#888' })
    .modulate({ brightness: dice.between(0.8, 1.2), saturation: dice.between(0.5, 1.15) });
  const { data, info } = await (dice.chance(0.25) ? drawn.blur(dice.between(0.4, 0.8)) : drawn).raw().toBuffer({ resolveWithObject: true });
  const noise = dice.between(1, 6);
  for (let i = 0; i < data.length; i++) data[i] = Math.max(0, Math.min(255, data[i] + noise * dice.normal()));
  return encode(sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } }), dice.uniform());
}

async function encode(image, kind) {
  if (kind < 0.06) return { format: 'png', bytes: await image.png({ palette: true, colours: 64, dither: 0 }).toBuffer() };
  if (kind < 0.25) return { format: 'webp', bytes: await image.webp({ quality: 74 }).toBuffer() };
  return { format: 'jpg', bytes: await image.jpeg({ quality: 76 }).toBuffer() };
}
