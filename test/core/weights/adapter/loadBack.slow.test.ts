import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TensorData } from '../../../../src/core/engine';
import { addLora, headsOf, type ImageModel } from '../../../../src/core/models';
import { initialTensors, tensorsOf } from '../../../../src/core/nn';
import { saveAdapter } from '../../../../src/core/weights';
import { engine, random } from '../../engine/helpers';
import { answersTo, distance } from '../../models/compute';
import { caseFolder } from '../../models/family';
import { loadBack, python, wave } from '../../models/fixtures';
import { type LoadedAny, loadAny } from './adapters';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-adapter-back-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Whether that Python has PEFT. */
function hasPeft(): boolean {
  if (!python) return false;
  try {
    execFileSync(python, ['-c', 'import peft'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Bases, and what is adapted of them; the family's own where nothing is said. */
const adapters: readonly (readonly [base: string, lora: { rslora?: boolean; targets: string[] }])[] = [
  ['bert', { targets: [] }],
  ['bert', { rslora: true, targets: ['**.dense', 'bert.encoder.layer.0.**.key'] }],
  ['distilbert', { targets: [] }],
  ['roberta', { targets: ['**'] }],
  ['gpt2', { targets: [] }],
  ['gpt2', { rslora: true, targets: ['**.c_proj', '**.c_fc'] }],
  ['gpt2_classifier', { targets: [] }],
  ['llama', { targets: ['**'] }],
  ['llama_tied', { targets: [] }],
  ['qwen2', { targets: [] }],
  ['t5', { targets: [] }],
  ['t5_v1_1', { targets: ['**.wi_0', '**.EncDecAttention.*'] }],
  ['vit_tiny', { targets: [] }],
  ['deit_distilled', { targets: [] }],
  ['vit_transformers', { targets: [] }],
  ['vit_transformers', { targets: ['**.proj', '**.fc1', '**.fc2'] }],
  ['deit_transformers', { targets: [] }],
  ['deit_teacher_transformers', { targets: ['**.qkv', '**.fc2'] }],
  ['convnext_tiny', { targets: [] }],
];

/** What load_back.py gives: ids of a text, or a picture. */
function inputOf({ model }: LoadedAny): TensorData {
  if ('size' in model.input) {
    const { size } = (model as ImageModel).input;
    return { dtype: 'float32', shape: [1, 3, size, size], data: wave([1, 3, size, size]) };
  }
  const { vocabulary } = model.input;
  return { dtype: 'int32', shape: [1, 7], data: Int32Array.from({ length: 7 }, (_, i) => (3 + 5 * i) % vocabulary) };
}

const logitsOf = async ({ model, tensors }: LoadedAny, x: TensorData) => (await answersTo(await engine(), model, tensors, x)).data;

/** An adapter as training leaves it: nothing of it is zero, and the head is another than the base's. */
async function trained(base: string, lora: (typeof adapters)[number][1], to: string) {
  const from = caseFolder(base, path.join(folder, 'bases'));
  const { model, tensors, naming } = await loadAny(from);
  const isText = 'kind' in model;
  addLora(model, { rank: 3, alpha: 5, ...lora });
  const learnsHead = !isText || model.kind === 'sequence-classification';
  const changed = (name: string) => learnsHead && headsOf(model).some((head) => name.startsWith(`${head}.`));
  const all = new Map(initialTensors(model.root, 9));
  for (const [name, tensor] of tensors) if (!changed(name)) all.set(name, tensor);
  for (const { name, shape } of tensorsOf(model.root)) if (name.endsWith('lora_B.weight')) all.set(name, random(shape, name, 0.2));
  await saveAdapter(to, {
    ...{ model, tensors: all, naming, changed, title: base },
    lora: { dropout: 0.1, rslora: lora.rslora ?? false },
    base: { name: from, revision: null },
  });
  return { model, tensors: all, drawn: new Set<string>() };
}

if (!hasPeft()) console.log('Adapters are not loaded back: PEFT is not here (bench/setup-peers.sh installs it).');

it.skipIf(!hasPeft())(
  'PEFT loads adapters that were saved here, and computes the same; so does what reads them here',
  async () => {
    const saved: { name: string; folder: string; logits: ArrayLike<number> }[] = [];
    for (const [i, [base, lora]] of adapters.entries()) {
      const to = path.join(folder, `${i}-${base}`);
      const live = await trained(base, lora, to);
      const x = inputOf(live);
      const logits = await logitsOf(live, x);
      const merged = await loadAny(to);
      expect(distance(await logitsOf(merged, x), logits), `${base}, merged`).toBeLessThan(1e-5);
      saved.push({ name: `${base} ${JSON.stringify(lora)}`, folder: to, logits });
    }
    const command = [loadBack, ...saved.map((adapter) => adapter.folder)];
    const output = execFileSync(python as string, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });
    const found = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { with: string; logits: number[] });
    expect(found.length).toBe(saved.length);
    for (const [i, { name, logits, folder: at }] of saved.entries()) {
      const { target_modules } = JSON.parse(readFileSync(path.join(at, 'adapter_config.json'), 'utf8'));
      expect(found[i]?.with).toBe('peft');
      expect(distance(logits, found[i]?.logits ?? []), `${name} ${target_modules}`).toBeLessThan(1e-4);
    }
    console.log(`Loaded by PEFT, with the same logits: ${saved.map(({ name }) => name).join(', ')}.`);
  },
  600_000,
);
