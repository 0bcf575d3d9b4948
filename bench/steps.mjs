// Training steps against PyTorch, in turns: node bench/steps.mjs [--rounds 7] [--steps 4] [--threads 2] [--only CASE,CASE]
// Each round times some steps of Thaw, of Thaw with the portable operators, and of PyTorch (bench/.peers, channels_last) one
// after another, so that a busy moment of the machine falls on all. Times are median / minimum over the rounds, ratios the
// medians of the rounds' own. With one thread the processor's time is compared, too: it does not count waiting for others.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { root } from '../scripts/steps.mjs';
import { median } from './measure.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    steps: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    only: { type: 'string' },
  },
});
const [steps, threads] = [values.steps, values.threads].map(Number);
const python = path.join(root, 'bench/.peers/bin/python');

const outfile = path.join(root, 'dist/bench/steps.cjs');
await esbuild.build({
  entryPoints: [path.join(root, 'bench/steps.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  external: ['onnxruntime-node', 'onnxruntime-web', 'sharp', '@tensorflow/tfjs-node'],
  logLevel: 'error',
});
const { caseNames, trainingStepOf } = createRequire(import.meta.url)(outfile);

const ratios = ['Thaw / PyTorch', 'portable / PyTorch', ...(threads === 1 ? ['Thaw / PyTorch, processor time'] : [])];
const columns = ['training step, batch 16', 'Thaw, ms', 'portable, ms', 'PyTorch, ms', ...ratios, 'compile, s'];
console.log(`| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`);
for (const name of values.only?.split(',') ?? caseNames) console.log(`| ${(await measured(name)).join(' | ')} |`);

async function measured(name) {
  const thaw = await trainingStepOf(name, 'auto', threads);
  const portable = await trainingStepOf(name, 'portable', threads);
  const peer = existsSync(python) ? await peerOf(name) : null;
  const sides = { thaw: timesOf(thaw), portable: timesOf(portable), ...(peer && { peer: peer.times }) };
  const rounds = Array.from({ length: Number(values.rounds) }, () => ({}));
  for (const round of rounds) for (const [side, times] of Object.entries(sides)) round[side] = await times();
  await Promise.all([thaw.dispose(), portable.dispose()]);
  peer?.end();
  const all = (side, kind) => rounds.map((round) => round[side]?.[kind]);
  const shown = (side) =>
    peer || side !== 'peer' ? `${median(all(side, 'wall')).toFixed(1)} / ${Math.min(...all(side, 'wall')).toFixed(1)}` : '–';
  const ratio = (side, kind) => {
    if (!peer) return '–';
    const each = all(side, kind).map((ms, i) => ms / rounds[i].peer[kind]);
    return `${median(each).toFixed(2)} (minima ${(Math.min(...all(side, kind)) / Math.min(...all('peer', kind))).toFixed(2)})`;
  };
  const processor = threads === 1 ? [ratio('thaw', 'processor')] : [];
  return [
    name,
    shown('thaw'),
    shown('portable'),
    shown('peer'),
    ratio('thaw', 'wall'),
    ratio('portable', 'wall'),
    ...processor,
    thaw.seconds.toFixed(2),
  ];
}

/** Milliseconds of a step, over some. */
function timesOf({ step }) {
  return async () => {
    const used = process.cpuUsage();
    const start = performance.now();
    for (let i = 0; i < steps; i++) await step();
    const wall = (performance.now() - start) / steps;
    const { user, system } = process.cpuUsage(used);
    return { wall, processor: (user + system) / 1000 / steps };
  };
}

/** A child that times steps whenever it is told how many. */
async function peerOf(name) {
  const child = spawn(python, [path.join(root, 'bench/peers/steps.py'), name, `${threads}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => JSON.parse((await lines.next()).value);
  await answer();
  return {
    times: async () => {
      child.stdin.write(`${steps}\n`);
      return answer();
    },
    end: () => child.stdin.end(),
  };
}
