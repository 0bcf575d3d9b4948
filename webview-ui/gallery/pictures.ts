import { random } from './world';

const grounds = [
  ['#bccbd4', '#8d908e'],
  ['#d8d2c4', '#a59b8b'],
  ['#3a4454', '#242a33'],
  ['#c4d0b6', '#7f8a70'],
  ['#d9bb9c', '#8c725d'],
] as const;
const paints = ['#b23b3b', '#305e8c', '#dcae3f', '#ecebe6', '#3d4148', '#5d805b', '#83507a', '#c57037'];

function hash(text: string): number {
  let h = 7;
  for (const c of text) h = (h * 31 + c.charCodeAt(0)) >>> 0;
  return h;
}

/** A small car or truck as the bytes of a JPEG, each path its own. */
export async function pictureBytes(path: string): Promise<Uint8Array> {
  const draw = random(hash(path) % 100_000);
  const pick = <T>(list: readonly T[]) => list[Math.floor(draw() * list.length)]!;
  const canvas = new OffscreenCanvas(128, 128);
  const ctx = canvas.getContext('2d')!;
  ctx.scale(2, 2);
  const [sky, ground] = pick(grounds);
  const horizon = 34 + draw() * 10;
  ctx.fillStyle = sky;
  ctx.fillRect(0, 0, 64, 64);
  ctx.fillStyle = ground;
  ctx.fillRect(0, horizon, 64, 64);
  ctx.translate(32, 38 + draw() * 4);
  ctx.scale((draw() < 0.5 ? -1 : 1) * (0.8 + draw() * 0.4), 0.8 + draw() * 0.4);
  ctx.translate(-32, -38);
  const body = path.includes('truck')
    ? [`M6 ${20 + draw() * 5}h31V42H6z`, 'M38.5 43V28h9q2 0 3 2l5 8q1 1.5 1 3v2z']
    : ['M10 44v-6q0-3 4-3.6l5-.6 6-8q2-3 5-3h12q3 0 5 3l5 6.5 5 .9q4 1 4 4.4v2.6z'];
  for (const part of body) {
    ctx.fillStyle = pick(paints);
    ctx.fill(new Path2D(part));
  }
  ctx.fillStyle = '#22252a';
  for (const x of path.includes('truck') ? [14, 24, 49] : [20, 44])
    ctx.fill(new Path2D(`M${x - 4.6} 45a4.6 4.6 0 1 0 9.2 0a4.6 4.6 0 1 0-9.2 0z`));
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
  return new Uint8Array(await blob.arrayBuffer());
}
