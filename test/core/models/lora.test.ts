import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TensorData } from '../../../src/core/engine';
import { loraRules } from '../../../src/core/methods';
import { addLora, buildModel, defaultLoraTargets, type ImageModel } from '../../../src/core/models';
import type { TextModel } from '../../../src/core/models/text';
import { initialTensors, layerTree, tensorsOf } from '../../../src/core/nn';
import { withRules } from '../../../src/protocol/layerTree';
import { engine, layouts } from '../engine/helpers';
import { loadAny } from '../weights/adapter/adapters';
import { answersTo } from './compute';
import { caseFolder } from './family';
import { wave } from './fixtures';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-lora-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function inputOf(model: TextModel | ImageModel): TensorData {
  if ('size' in model.input)
    return { dtype: 'float32', shape: [2, 3, model.input.size, model.input.size], data: wave([2, 3, model.input.size, model.input.size]) };
  const { vocabulary } = model.input;
  return { dtype: 'int32', shape: [2, 5], data: Int32Array.from({ length: 10 }, (_, i) => (3 + 7 * i) % vocabulary) };
}

const adapted: Readonly<Record<string, readonly string[]>> = {
  bert: ['query', 'value'],
  distilbert: ['q_lin', 'v_lin'],
  roberta: ['query', 'value'],
  gpt2: ['c_attn'],
  gpt2_classifier: ['c_attn'],
  llama: ['q_proj', 'v_proj'],
  qwen2: ['q_proj', 'v_proj'],
  t5: ['q', 'v'],
  vit_tiny: ['qkv'],
  deit_distilled: ['qkv'],
  vit_transformers: ['qkv'],
  convnext_tiny: ['fc1', 'fc2'],
};

describe.each(Object.entries(adapted))('fresh adapters in %s', (name, ends) => {
  it.each(layouts)('give what the base gives, to the byte (%s)', async (layout) => {
    const { model, tensors } = await loadAny(caseFolder(name, folder));
    const on = await engine(layout);
    const before = await answersTo(on, model, tensors, inputOf(model));
    const paths = addLora(model, { rank: 2, alpha: 4, targets: [] });
    expect([...new Set(paths.map((path) => path.split('.').at(-1)))]).toEqual(ends);
    const all = new Map([...initialTensors(model.root, 1), ...tensors]);
    expect(await answersTo(on, model, all, inputOf(model))).toEqual(before);
  });

  it('stand in the tree beside their layers, counted, and learn with the head of a classifier', async () => {
    const { model } = await loadAny(caseFolder(name, folder));
    const input = inputOf(model).shape.slice(1);
    const before = layerTree(model.root, input);
    const paths = addLora(model, { rank: 2, alpha: 4, targets: [] });
    const tree = withRules(layerTree(model.root, input), loraRules(model));
    const nodes = new Map<string, typeof tree>();
    const visit = (node: typeof tree) => {
      nodes.set(node.name, node);
      node.children.forEach(visit);
    };
    visit(tree);
    const parts = paths.flatMap((path) => ['lora_A', 'lora_B'].map((key) => nodes.get(`${path}.${key}`)));
    expect(parts.every((part) => part?.type === 'LoRA' && part.parameters > 0 && part.trainable === part.parameters)).toBe(true);
    const added = parts.reduce((sum, part) => sum + (part?.parameters ?? 0), 0);
    expect(tree.parameters).toBe(before.parameters + added);
    const isClassifier = !('kind' in model) || model.kind === 'sequence-classification';
    const head = [...tensorsOf(model.root)].filter((t) => (model.heads ?? [model.head]).some((head) => t.name.startsWith(`${head}.`)));
    const inHead = head.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(tree.trainable).toBe(added + (isClassifier ? inHead : 0));
  });
});

it('has no place in a network without linear layers', () => {
  const model = buildModel({ architecture: 'convnet_small', classes: 3 });
  expect(defaultLoraTargets(model)).toEqual([]);
  expect(() => addLora(model, { rank: 2, alpha: 4, targets: [] })).toThrow(/no linear layers/);
  expect(() => addLora(model, { rank: 2, alpha: 4, targets: ['classifier'] })).toThrow(/is the head/);
});
