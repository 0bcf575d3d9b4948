// Training steps against PyTorch, in turns: node bench/steps.mjs [--rounds 7] [--steps 4] [--threads 2] [--only CASE,CASE]
// Each round times some steps of Thaw, of Thaw with the portable operators, and of PyTorch (bench/.peers, channels_last) one
// after another, so that a busy moment of the machine falls on all; ratios are medians over the rounds.
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
const [rounds, steps, threads] = [values.rounds, values.steps, values.threads].map(Number);
const python = path.join(root, 'bench/.peers/bin/python');

const outfile = path.join(root, 'dist/bench/steps.cjs');
await esbuild.build({
  entryPoints: [path.join(root, 'bench/steps.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  external: ['onnxruntime-node', 'sharp', '@tensorflow/tfjs-node'],
  logLevel: 'error',
});
const { caseNames, trainingStepOf } = createRequire(import.meta.url)(outfile);

console.log('| training step, batch 16 | Thaw | portable | PyTorch | Thaw / PyTorch | portable / PyTorch | compile |');
console.log('|---|---|---|---|---|---|---|');
for (const name of values.only?.split(',') ?? caseNames) console.log(await measured(name));

async function measured(name) {
  const thaw = await trainingStepOf(name, 'auto', threads);
  const portable = await trainingStepOf(name, 'portable', threads);
  const peer = existsSync(python) ? await peerOf(name) : null;
  const sides = { thaw: milliseconds(thaw), portable: milliseconds(portable), ...(peer && { peer: peer.milliseconds }) };
  const times = Object.fromEntries(Object.keys(sides).map((side) => [side, []]));
  for (let round = 0; round < rounds; round++) for (const [side, time] of Object.entries(sides)) times[side].push(await time());
  await Promise.all([thaw.dispose(), portable.dispose()]);
  peer?.end();
  const shown = (side) => (times[side] ? `${median(times[side]).toFixed(1)} / ${Math.min(...times[side]).toFixed(1)} ms` : '–');
  const ratio = (side) =>
    times.peer
      ? `${median(times[side].map((ms, i) => ms / times.peer[i])).toFixed(2)} (quiet ${(Math.min(...times[side]) / Math.min(...times.peer)).toFixed(2)})`
      : '–';
  return `| ${[name, ...['thaw', 'portable', 'peer'].map(shown), ratio('thaw'), ratio('portable'), `${thaw.seconds.toFixed(2)} s`].join(' | ')} |`;
}

/** Of one step, over some. */
function milliseconds({ step }) {
  return async () => {
    const start = performance.now();
    for (let i = 0; i < steps; i++) await step();
    return (performance.now() - start) / steps;
  };
}

/** A child that times steps whenever it is told how many. */
async function peerOf(name) {
  const child = spawn(python, [path.join(root, 'bench/peers/steps.py'), name, `${threads}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => Number((await lines.next()).value);
  await answer();
  return {
    milliseconds: async () => {
      child.stdin.write(`${steps}\n`);
      return answer();
    },
    end: () => child.stdin.end(),
  };
}
