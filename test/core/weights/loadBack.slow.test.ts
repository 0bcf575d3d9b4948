import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createEngine, type TensorData } from '../../../src/core/engine';
import { isTextModelType } from '../../../src/core/models/text';
import { loadModel, loadTextModel, saveModel, saveTextModel } from '../../../src/core/weights';
import { answersTo, distance } from '../models/compute';
import { headOf } from '../models/families';
import { caseFolder, cases } from '../models/family';
import { bundledModels, hasBundled, loadBack, python, transformersFolder, wave } from '../models/fixtures';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-back-'));
const engine = createEngine('onnx', { threads: 1 });
afterAll(async () => {
  await (await engine).dispose();
  rmSync(folder, { recursive: true, force: true });
});

const labels = ['bee', 'ant', 'wasp', 'fly'];
/** Sizes of pictures other than the checkpoint's, where positions are made to fit. */
const sizes: Readonly<Record<string, number>> = { vit_tiny: 48, vit_transformers: 24, deit_distilled: 64, deit_transformers: 24 };

interface Saved {
  readonly name: string;
  readonly folder: string;
  readonly logits: ArrayLike<number>;
  readonly theirs: object;
}

async function pictureModel(name: string, from: string): Promise<Saved> {
  const imageSize = sizes[name];
  const given = { modelsFolder: bundledModels, seed: 1, classes: labels.length, ...(imageSize && { imageSize }) };
  const { model, tensors } = await loadModel(from, given);
  const to = path.join(folder, `saved-${name}`);
  await saveModel(to, { model, tensors, labels, card: '# A model\n' });
  const { size, mean } = model.input;
  const x: TensorData = { dtype: 'float32', shape: [1, 3, size, size], data: wave([1, 3, size, size]) };
  const { data: logits } = await answersTo(await engine, model, tensors, x);
  return { name, folder: to, logits, theirs: { with: 'timm', labels, input: [3, size, size], mean } };
}

/** What load_back.py gives. */
const length = 7;

async function textModel(name: string, from: string, architecture: string): Promise<Saved> {
  const head = headOf(architecture);
  const classes = head === 'sequence-classification' ? { classes: labels.length } : {};
  const { model, tensors } = await loadTextModel(from, { head, seed: 1, ...classes });
  const to = path.join(folder, `saved-${name}`);
  await saveTextModel(to, { model, tensors, labels: classes.classes ? labels : [], card: '# A model\n' });
  const data = Int32Array.from({ length }, (_, i) => (3 + 5 * i) % model.input.vocabulary);
  const { data: logits } = await answersTo(await engine, model, tensors, { dtype: 'int32', shape: [1, length], data });
  return { name, folder: to, logits, theirs: { with: 'transformers', ...(classes.classes && { labels }) } };
}

function savedCase(name: string): Promise<Saved> {
  const from = caseFolder(name, folder);
  const config = JSON.parse(readFileSync(path.join(from, 'config.json'), 'utf8')) as { model_type?: string; architectures: string[] };
  if (config.model_type && isTextModelType(config.model_type)) return textModel(name, from, config.architectures[0] as string);
  return pictureModel(name, from);
}

if (!python) console.log('Loading back is not tried: timm and transformers are not here (bench/setup-peers.sh installs them).');

it.skipIf(!python)(
  'timm and transformers load what was saved here as it is, and compute the same',
  async () => {
    const saved: Saved[] = [];
    for (const name of cases) saved.push(await savedCase(name));
    saved.push(await pictureModel('formula_transformers', transformersFolder(mkdtempSync(path.join(folder, 'formula-')))));
    if (hasBundled) saved.push(await pictureModel('bundled', path.join(bundledModels, 'efficientnet_lite0')));
    const command = [loadBack, ...saved.map((model) => model.folder)];
    const output = execFileSync(python as string, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });
    const found = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { logits: number[] });
    expect(found.length).toBe(saved.length);
    for (const [i, { name, logits, theirs }] of saved.entries()) {
      expect(distance(logits, found[i]?.logits ?? []), name).toBeLessThan(1e-4);
      expect(found[i], name).toMatchObject(theirs);
    }
    console.log(`Loaded back by timm and transformers, with the same logits: ${saved.map(({ name }) => name).join(', ')}.`);
  },
  600_000,
);
