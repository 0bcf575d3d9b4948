// Reading a checkpoint of 90 MB, and seeing a hub model's layers without its weights.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import * as esbuild from 'esbuild';
import { node, root } from '../scripts/steps.mjs';
import { median, timed } from './measure.mjs';

const bundle = path.join(root, 'dist/bench/loading.cjs');
const seconds = (value) => `${value.toFixed(2)} s`;

/** @param {{rounds: number}} options @param {(row: object) => void} row takes each line of the table */
export async function benchLoading({ rounds }, row) {
  await node(['scripts/build.mjs']);
  await esbuild.build({
    entryPoints: [path.join(root, 'bench/loading.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    mainFields: ['module', 'main'],
    external: ['onnxruntime-node', 'onnxruntime-web', 'sharp', '@tensorflow/tfjs-node'],
    logLevel: 'error',
  });
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'thaw-bench-'));
  try {
    const folder = path.join(temporary, 'model');
    await timed(process.execPath, [bundle, 'make', folder]);
    const megabytes = statSync(path.join(folder, 'model.safetensors')).size / 1e6;
    await benchReading(folder, megabytes, rounds, row);
    await benchLayers(folder, temporary, rounds, row);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** Reading, hashing, looking for what is no number; each round is a process of its own, its first load the one that counts. */
async function benchReading(folder, megabytes, rounds, row) {
  const first = [];
  const best = [];
  for (let i = 0; i < rounds; i++)
    await timed(process.execPath, [bundle, 'load', folder], (line) => {
      const found = JSON.parse(line);
      first.push(found.first);
      best.push(found.best);
    });
  row({
    measure: `loading ${megabytes.toFixed(0)} MB of safetensors, its hash checked (\`loading\`)`,
    thaw: `${seconds(median(first))}, again ${seconds(Math.min(...best))}`,
    goal: '≤ 0.5 s',
  });
}

async function benchLayers(folder, temporary, rounds, row) {
  const hub = spawn(process.execPath, [bundle, 'hub', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const { value } = await createInterface({ input: hub.stdout })[Symbol.asyncIterator]().next();
    const { endpoint } = JSON.parse(value);
    const times = [];
    for (let i = 0; i < rounds; i++) {
      const cache = path.join(temporary, `cache-${i}`);
      mkdirSync(cache);
      const env = { HF_ENDPOINT: endpoint, HF_HUB_CACHE: cache, HF_HUB_OFFLINE: '', HF_TOKEN: '' };
      const cli = [path.join(root, 'dist/cli.js'), 'layers', 'org/model', '--json'];
      times.push((await timed(process.execPath, cli, undefined, { env })).seconds);
    }
    row({
      measure: 'a hub model’s layers by `thaw layers`, its weights not fetched, whole process',
      thaw: `${seconds(median(times))} / ${seconds(Math.min(...times))}`,
      goal: '< 1 s on loopback',
    });
  } finally {
    hub.stdin.end();
  }
}
