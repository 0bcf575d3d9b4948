import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Made by scripts/fixtures/make_models.py. */
export const fixtures = path.resolve(__dirname, '../../fixtures/models');

interface Expected {
  size: number;
  labels: string[];
  batchNorm: { y: number[]; running_mean: number[]; running_var: number[] };
  pickle: Record<string, { shape: number[]; values: (number | boolean)[] }>;
  lite: number[][];
  mobilenetv2: number[][];
  mobilenetv2Same: number[][];
  transformers: number[][];
  convnet: number[][];
}
export const expected = JSON.parse(readFileSync(path.join(fixtures, 'expected.json'), 'utf8')) as Expected;

/** make_models.py's `wave`: values that both sides can make. */
export function wave(shape: readonly number[], phase = 0): Float32Array {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) data[i] = Math.sin(0.7 * i + phase) + 0.5 * Math.sin(0.0131 * i);
  return data;
}

const root = path.resolve(__dirname, '../../..');
/** Python with torch and timm, where this machine has it. */
export const python = [path.join(root, 'bench/.peers/bin/python')].find((file) => existsSync(file)) ?? null;
export const loadBack = path.join(root, 'scripts/fixtures/load_back.py');
export const bundledModels = path.join(root, 'models');
export const hasBundled = existsSync(path.join(bundledModels, 'efficientnet_lite0/model.safetensors'));
