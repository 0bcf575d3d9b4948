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

/** `0.98 s / 0.81 s, processor 0.61 s`: median / minimum, and the least processor time, which leaves others' work out. */
const told = (found) => {
  const elapsed = found.map((one) => one.elapsed);
  return `${seconds(median(elapsed))} / ${seconds(Math.min(...elapsed))}, processor ${seconds(Math.min(...found.map((one) => one.processor)))}`;
};

/** Reading, hashing, looking for what is no number; each round is a process of its own. */
async function benchReading(folder, megabytes, rounds, row) {
  const found = [];
  for (let i = 0; i < rounds; i++) await timed(process.execPath, [bundle, 'load', folder], (line) => found.push(JSON.parse(line)));
  row({ measure: `loading ${megabytes.toFixed(0)} MB of safetensors, hash included (\`loading\`)`, thaw: told(found), goal: '≤ 0.5 s' });
}

async function benchLayers(folder, temporary, rounds, row) {
  const hub = spawn(process.execPath, [bundle, 'hub', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const { value } = await createInterface({ input: hub.stdout })[Symbol.asyncIterator]().next();
    const { endpoint } = JSON.parse(value);
    const found = [];
    for (let i = 0; i < rounds; i++) {
      const cache = path.join(temporary, `cache-${i}`);
      mkdirSync(cache);
      const env = { HF_ENDPOINT: endpoint, HF_HUB_CACHE: cache, HF_HUB_OFFLINE: '', HF_TOKEN: '' };
      const cli = [path.join(root, 'dist/cli.js'), 'layers', 'org/model', '--json'];
      const { seconds: elapsed, processor } = await timed(process.execPath, cli, undefined, { env });
      found.push({ elapsed, processor });
    }
    row({
      measure: 'a hub model’s layers by `thaw layers`, its weights not fetched, whole process',
      thaw: told(found),
      goal: '< 1 s on loopback',
    });
  } finally {
    hub.stdin.end();
  }
}
