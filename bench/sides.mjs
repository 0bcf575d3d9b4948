// The sides of a comparison: processes that time their steps when they are told to, so that they can take turns.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import * as esbuild from 'esbuild';
import { root } from '../scripts/steps.mjs';

export const python = path.join(root, 'bench/.peers/bin/python');
const bundle = path.join(root, 'dist/bench/side.cjs');

/** Builds Thaw's side. @returns {Promise<Record<string, {measure: string, size: number, batch?: number, goals: object}>>} its cases */
export async function builtCases() {
  await esbuild.build({
    entryPoints: [path.join(root, 'bench/side.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    external: ['onnxruntime-node', 'onnxruntime-web', 'sharp', '@tensorflow/tfjs-node'],
    logLevel: 'error',
  });
  const listing = opened(process.execPath, [bundle, '--list']);
  return listing.answer();
}

/**
 * @typedef {{seconds: number | null, times(steps: number): Promise<{wall: number, processor: number, memory: number}>, end(): void}} Side
 * @typedef {{name: string, threads: number, batch: number, size: number, data: string}} What
 */

/** @param {What} what @returns {Promise<Side>} Thaw with an engine and an arrangement of feature maps */
export function thawSide({ name, threads, batch, size, data }, { engine = 'onnx', layout = 'auto' } = {}) {
  return ready(process.execPath, [bundle, name, engine, layout, threads, batch, size, data]);
}

/** @param {What} what @returns {Promise<Side> | null} null where bench/setup-peers.sh has not run */
export function pytorchSide({ name, threads, batch, size, data }) {
  if (!existsSync(python)) return null;
  return ready(python, [path.join(root, 'bench/peers/steps.py'), name, threads, batch, size, data]);
}

async function ready(command, args) {
  const { child, answer } = opened(command, args);
  const first = await answer();
  return {
    seconds: first?.seconds ?? null,
    times: (steps) => {
      child.stdin.write(`${steps}\n`);
      return answer();
    },
    end: () => child.stdin.end(),
  };
}

function opened(command, args) {
  const child = spawn(command, args.map(String), { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${path.basename(command)} ${args.slice(0, 3).join(' ')} ended without an answer.`);
    return JSON.parse(value);
  };
  return { child, answer };
}
