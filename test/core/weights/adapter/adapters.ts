import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TensorData } from '../../../../src/core/engine';
import type { ImageModel } from '../../../../src/core/models';
import type { TextModel } from '../../../../src/core/models/text';
import { encodeSafetensors, loadModel, loadTextById } from '../../../../src/core/weights';
import { caseFolder, type Expected } from '../../models/family';
import { byFormula } from '../../models/fixtures';

/** Made by scripts/fixtures/make_lora.py. */
const fixtures = path.resolve(__dirname, '../../../fixtures/lora');
export const adapterCases = readdirSync(fixtures).sort();

export interface ExpectedAdapter extends Expected {
  readonly base: string;
}
export function expectedAdapter(name: string): ExpectedAdapter {
  return JSON.parse(readFileSync(path.join(fixtures, name, 'expected.json'), 'utf8'));
}

/** The formula's values under PEFT's names, those of B a tenth of it. */
export function adapterTensors(name: string): Map<string, TensorData> {
  const { tensors } = expectedAdapter(name);
  const values = byFormula(Object.entries(tensors).map(([name, shape]) => ({ name, shape })));
  const tenth = ({ shape, data }: TensorData): TensorData => ({ dtype: 'float32', shape, data: Float32Array.from(data, (v) => v * 0.1) });
  return new Map([...values].map(([name, tensor]) => [name, name.includes('.lora_B.') ? tenth(tensor) : tensor]));
}

/** The case as PEFT would save it, its base beside it. @returns the adapter's folder */
export function adapterFolder(name: string, into: string): string {
  const { base } = expectedAdapter(name);
  if (!existsSync(path.join(into, base))) caseFolder(base, into);
  const folder = path.join(into, `${name}-adapter`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(path.join(fixtures, name, 'adapter_config.json'), path.join(folder, 'adapter_config.json'));
  writeFileSync(path.join(folder, 'adapter_model.safetensors'), encodeSafetensors(adapterTensors(name)));
  return folder;
}

export interface LoadedAny {
  readonly model: TextModel | ImageModel;
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly drawn: ReadonlySet<string>;
  readonly naming?: Awaited<ReturnType<typeof loadModel>>['naming'];
}

/** Of texts or of pictures. */
export async function loadAny(folder: string, given: { keepsAdapter?: boolean; seed?: number } = {}): Promise<LoadedAny> {
  const options = { modelsFolder: '', seed: 0, ...given };
  return (await loadTextById(folder, options)) ?? loadModel(folder, options);
}
