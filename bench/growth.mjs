// How a step grows: full training steps of MobileNetV2 0.35 over batch sizes (96²) and over the pictures' side (batch 16), and of
// a transformer of 6 layers over the tokens of a text (batch 16), Thaw's and PyTorch's in turns. Writes bench/growth.json, what was measured, and bench/growth.svg, drawn from it alone.
// usage: node bench/growth.mjs [--rounds 5] [--steps 4] [--threads 2] [--batches 1,2,…] [--sides 96,128,…] [--tokens 32,64,…]
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../scripts/steps.mjs';
import { median } from './measure.mjs';
import { builtCases, pytorchSide, thawSide } from './sides.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    batches: { type: 'string', default: '1,2,4,8,16,32,64' },
    sides: { type: 'string', default: '96,128,160,192,224,256,320' },
    tokens: { type: 'string', default: '32,64,128,256,512' },
  },
});
const [rounds, steps, threads] = [values.rounds, values.steps, values.threads].map(Number);
const numbers = (list) => list.split(',').map(Number);

await builtCases();
const curves = [
  { axis: 'batch size, 96²', points: await measured('mobilenet', numbers(values.batches), (batch) => ({ batch, size: 96 })) },
  { axis: 'side in pixels, batch 16', points: await measured('mobilenet', numbers(values.sides), (size) => ({ batch: 16, size })) },
  { axis: 'tokens, batch 16, transformer', points: await measured('transformer', numbers(values.tokens), (size) => ({ batch: 16, size })) },
];
const conditions = { threads, rounds, steps, processor: os.cpus()[0].model, node: process.versions.node };
writeFileSync(path.join(root, 'bench/growth.json'), `${JSON.stringify({ ...conditions, curves }, null, 2)}\n`);
writeFileSync(path.join(root, 'bench/growth.svg'), drawn(conditions, curves));

/** Medians of the rounds, in milliseconds a step. */
async function measured(name, at, scaleOf) {
  const points = [];
  for (const x of at) {
    const what = { name, threads, data: '', ...scaleOf(x) };
    const pytorch = await pytorchSide(what);
    const sides = { thaw: await thawSide(what), ...(pytorch && { pytorch }) };
    const times = Object.fromEntries(Object.keys(sides).map((side) => [side, []]));
    for (let round = 0; round < rounds; round++)
      for (const [side, { times: time }] of Object.entries(sides)) times[side].push((await time(steps)).wall);
    for (const side of Object.values(sides)) side.end();
    points.push({ x, ...Object.fromEntries(Object.entries(times).map(([side, all]) => [side, median(all)])) });
    console.log(JSON.stringify(points.at(-1)));
  }
  return points;
}

function drawn({ threads: count, processor }, panels) {
  const [width, height, margin] = [420, 280, 48];
  const colours = { thaw: '#1f77b4', pytorch: '#d62728' };
  const text = (x, y, words, anchor = 'middle') => `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
  const panel = ({ axis, points }, index) => {
    const named = Object.keys(colours).filter((side) => side in points[0]);
    const right = Math.max(...points.map(({ x }) => x));
    const top = Math.max(...points.flatMap((point) => named.map((side) => point[side])));
    const px = (x) => (margin + (x / right) * (width - 2 * margin)).toFixed(1);
    const py = (ms) => (height - margin - (ms / top) * (height - 2 * margin)).toFixed(1);
    const lines = named.flatMap((side, i) => [
      `<polyline fill="none" stroke="${colours[side]}" stroke-width="2" points="${points.map((p) => `${px(p.x)},${py(p[side])}`).join(' ')}"/>`,
      ...points.map((p) => `<circle cx="${px(p.x)}" cy="${py(p[side])}" r="3" fill="${colours[side]}"/>`),
      `<text x="${margin + 8}" y="${margin + 14 * i}" fill="${colours[side]}">${side === 'thaw' ? 'Thaw' : 'PyTorch'}</text>`,
    ]);
    const ticks = points.map(({ x }) => text(px(x), height - margin + 16, x));
    const frame = `<path d="M${margin} ${margin - 16}V${height - margin}H${width - margin}" fill="none" stroke="#888"/>`;
    const scale = [0, 0.5, 1].map((part) => text(margin - 6, Number(py(part * top)) + 4, (part * top).toFixed(0), 'end'));
    const title = text(width / 2, height - 10, `ms a step over ${axis}`);
    return `<g transform="translate(${index * width} 0)">${[frame, ...lines, ...ticks, ...scale, title].join('\n')}</g>`;
  };
  const whole = panels.length * width;
  const size = `width="${whole}" height="${height}" viewBox="0 0 ${whole} ${height}"`;
  const caption = text(whole / 2, 14, `Training steps of MobileNetV2 0.35 and of a transformer, ${count} threads, ${processor}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11" fill="#555">
<rect width="100%" height="100%" fill="#fff"/>
${caption}
${panels.map(panel).join('\n')}
</svg>
`;
}
