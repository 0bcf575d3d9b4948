import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TensorData } from '../../../src/core/engine/engine';
import { buildModel, mobilenetV2TransformersNames } from '../../../src/core/models';
import { tensorsOf } from '../../../src/core/nn';
import { encodeSafetensors } from '../../../src/core/weights';

/** Made by scripts/fixtures/make_models.py. */
export const fixtures = path.resolve(__dirname, '../../fixtures/models');

interface Expected {
  size: number;
  labels: string[];
  batchNorm: { y: number[]; running_mean: number[]; running_var: number[] };
  pickle: Record<string, { shape: number[]; values: (number | boolean)[] }>;
  signatures: Record<string, { parameters: number; tensors: string; input: number; crop: number; interpolation: string; mean: number[] }>;
  steps: Record<'mobilenetv2' | 'convnet', { loss: number; gradients: Record<string, number>; statistics: Record<string, number> }>;
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
  for (let i = 0; i < data.length; i++) {
    const x = Math.sin((i + 1) * 12.9898 + phase) * 43758.5453;
    data[i] = 2 * (x - Math.floor(x)) - 1;
  }
  return data;
}

/** A tensor's values by name, as make_models.py's `by_formula` fills a network. */
export function byFormula(tensors: Iterable<{ name: string; shape: readonly number[] }>): Map<string, TensorData> {
  const filled = new Map<string, TensorData>();
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const [index, { name, shape }] of sorted.entries()) {
    const data = wave(shape, index);
    const perOutput = shape.slice(1).reduce((a, b) => a * b, 1);
    const factor = shape.length > 1 ? Math.sqrt(5 / perOutput) : 0.2;
    const middle = shape.length === 1 && /(running_var|weight)$/.test(name) ? 1 : 0;
    for (let i = 0; i < data.length; i++) data[i] = middle + factor * (data[i] as number);
    filled.set(name, { dtype: 'float32', shape, data });
  }
  return filled;
}

/** A folder as transformers saves it: its own configs, the formula's weights under its names. */
export function transformersFolder(folder: string): string {
  const shapes = new Map([...tensorsOf(buildModel({ architecture: 'mobilenetv2_035', classes: 3 }).root)].map((t) => [t.name, t.shape]));
  const theirs = [...mobilenetV2TransformersNames()].flatMap(([name, ours]) => {
    const shape = shapes.get(ours);
    return shape ? [{ name, shape }] : [];
  });
  writeFileSync(path.join(folder, 'model.safetensors'), encodeSafetensors(byFormula(theirs)));
  for (const name of ['config.json', 'preprocessor_config.json'])
    copyFileSync(path.join(fixtures, 'transformers', name), path.join(folder, name));
  return folder;
}

const root = path.resolve(__dirname, '../../..');
/** Python with torch and timm, where this machine has it. */
export const python = [path.join(root, 'bench/.peers/bin/python')].find((file) => existsSync(file)) ?? null;
export const loadBack = path.join(root, 'bench/peers/load_back.py');
export const bundledModels = path.join(root, 'models');
export const hasBundled = existsSync(path.join(bundledModels, 'efficientnet_lite0/model.safetensors'));
