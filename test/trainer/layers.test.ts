import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { LayerNode } from '../../src/protocol/layers';
import type { LoraConfig } from '../../src/protocol/runConfig';
import { handlers } from '../../src/trainer/handlers';
import { newFolder } from '../core/training/harness';
import { tinyModel } from '../core/training/tinyTexts';
import { adapterFolder, adapterTensors } from '../core/weights/adapter/adapters';

const namesIn = ({ tensors, children }: LayerNode): string[] => [...tensors.map(({ name }) => name), ...children.flatMap(namesIn)];
const adaptersIn = (root: LayerNode) => namesIn(root).filter((name) => name.includes('.lora_A.'));

async function layers(model: string, lora?: LoraConfig) {
  const task = /bert/.test(model) ? ({ task: 'text-classification' } as const) : {};
  const context = { signal: new AbortController().signal, progress: () => {} };
  return handlers.layers({ id: 1, type: 'layers', model, classes: 3, ...task, ...(lora && { lora }) }, context);
}

it.each(['distilbert', 'vit_tiny'])('of a model with an adapter (%s) are shown as a run with such adapters has them', async (name) => {
  const folder = newFolder();
  const model = adapterFolder(name, folder);
  if (name === 'distilbert') writeFileSync(path.join(folder, name, 'vocab.txt'), '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n');
  const own = (await layers(model)).facts.lora as LoraConfig;
  const theirs = [...adapterTensors(name).keys()].filter((tensor) => tensor.includes('.lora_A.'));
  const shown = adaptersIn((await layers(model, own)).root);
  expect(shown.map((tensor) => tensor.replace(/^(?=distilbert|blocks)/, 'base_model.model.')).sort()).toEqual(theirs.sort());

  // Another kind of adapter: the model's own is merged, and fresh ones stand where its family has them.
  const other = (await layers(model, { ...own, rank: own.rank + 1 })).root;
  const places = name === 'distilbert' ? /\.(q_lin|v_lin)\./ : /\.qkv\./;
  expect(adaptersIn(other).every((tensor) => places.test(tensor))).toBe(true);
  expect(adaptersIn((await layers(model)).root)).toEqual([]);
});

it('of a model of texts are not shown before it has a tokenizer that fits, which may be put beside it', async () => {
  const model = await tinyModel(path.join(newFolder(), 'bert'), 'bert', { config: { vocab_size: 8 } });
  await expect(layers(model)).rejects.toMatchObject({ failure: { code: 'model.unsupported', path: model } });
  await tinyModel(model, 'bert', { words: ['a', 'b'], config: { vocab_size: 8 } });
  expect((await layers(model)).facts.id).toBe(model);
});
