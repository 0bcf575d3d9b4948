import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { presetRules, presetsOf } from '../../../src/core/methods';
import { buildTextModel, publishedHead, type TextHead, type TextModel } from '../../../src/core/models/text';
import { initialTensors, tensorsOf } from '../../../src/core/nn';
import { describeTextById, encodeSafetensors, listModels } from '../../../src/core/weights';
import type { DescribedTextModel } from '../../../src/core/weights/textCheckpoint';
import type { Preset } from '../../../src/protocol/runConfig';

const root = mkdtempSync(path.join(os.tmpdir(), 'thaw-texts-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder as transformers saves it. */
function folderOf(name: string, config: Record<string, unknown>, head: TextHead): string {
  const folder = path.join(root, name);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  const model = buildTextModel(config, { head });
  writeFileSync(path.join(folder, 'model.safetensors'), encodeSafetensors(initialTensors(model.root, 1)));
  return folder;
}
const bert = { model_type: 'bert', vocab_size: 30, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 };
const gpt2 = { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], vocab_size: 30, n_embd: 8, n_layer: 1, n_head: 2, n_positions: 16 };
const places = { modelsFolder: root };

it.each([
  ['bert', 'BertForMaskedLM', 'masked-lm'],
  ['bert', 'BertModel', 'sequence-classification'],
  ['bert', 'BertForTokenClassification', 'sequence-classification'],
  ['gpt2', 'GPT2LMHeadModel', 'causal-lm'],
  ['t5', 'T5ForConditionalGeneration', 'text-to-text'],
])('%s published as %s has a head for %s', (type, architecture, head) => {
  expect(publishedHead(type, architecture)).toBe(head);
});

it('finds the head that a model was published with, or makes a classifier', async () => {
  const folder = folderOf('gpt2', gpt2, 'causal-lm');
  expect((await describeTextById(folder, places))?.model.kind).toBe('causal-lm');
  const classifier = folderOf('bert', bert, 'sequence-classification');
  const described = await describeTextById(classifier, { classes: 5, ...places });
  expect(described?.model.classes).toBe(5);
  const { model } = described as NonNullable<typeof described>;
  expect([...tensorsOf(model.root)].find(({ name }) => name === 'classifier.weight')?.shape).toEqual([5, 8]);
});

it('leaves models of pictures to others', async () => {
  expect(await describeTextById('convnet_small', places)).toBeNull();
  const folder = path.join(root, 'pictures');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ architecture: 'resnet18' }));
  expect(await describeTextById(folder, places)).toBeNull();
});

it('says of a model of texts what it can learn, and lists it among the others', async () => {
  const folder = folderOf('listed', gpt2, 'causal-lm');
  writeFileSync(path.join(folder, 'README.md'), '---\nlicense: apache-2.0\n---\n');
  const classifier = await describeTextById(folder, { head: 'sequence-classification', classes: 3, ...places });
  expect(classifier?.facts).toMatchObject({
    title: 'listed',
    family: 'gpt2',
    tasks: ['text-classification', 'text-pair-classification', 'causal-lm', 'chat'],
    ...{ maxLength: 16, blocks: 1, imageSize: 0, licence: 'Apache-2.0', source: 'disk' },
  });
  expect(classifier?.facts.bytes).toBeGreaterThan(4 * (classifier?.facts.parameters ?? 0) - 4 * 3 * 8);
  expect(classifier?.model.kind).toBe('sequence-classification');
  const models = await listModels(places);
  expect(models.find(({ id }) => id === 'listed')).toMatchObject({ task: 'text-classification', source: 'bundled' });
  expect(models.map(({ id }) => id)).toContain('convnet_small');
});

it('proposes what T5 was taught to read before a source, as its configuration has it', async () => {
  const t5 = { model_type: 't5', vocab_size: 30, d_model: 8, d_kv: 4, d_ff: 8, num_layers: 1, num_heads: 2 };
  const taught = {
    summarization: { early_stopping: true, prefix: 'summarize: ' },
    translation_en_to_de: { prefix: 'translate English to German: ' },
    again: { prefix: 'summarize: ' },
  };
  const prefixesOf = async (name: string, config: object) =>
    (await describeTextById(folderOf(name, { ...t5, ...config }, 'text-to-text'), { head: 'text-to-text', ...places }))?.facts.prefixes;
  expect(await prefixesOf('taught', { task_specific_params: taught })).toEqual(['summarize: ', 'translate English to German: ']);
  expect(await prefixesOf('untaught', {})).toBeUndefined();
  expect(await prefixesOf('odd', { task_specific_params: { summarization: { prefix: 3 } } })).toBeUndefined();
});

const rulesOf = (described: DescribedTextModel | null, preset: Preset) => presetRules(described?.model as TextModel, preset);

it('lets what stands between the blocks and the head learn with it, and beside adapters only what begins from drawn values', async () => {
  const masked = folderOf('masked', { ...bert, architectures: ['BertForMaskedLM'] }, 'masked-lm');
  expect(rulesOf(await describeTextById(masked, { classes: 3, ...places }), 'head')).toEqual(['bert.pooler.**', 'classifier.**']);
  expect(rulesOf(await describeTextById(masked, places), 'head')).toEqual(['cls.predictions.**']);
  const whole = folderOf('whole', { ...bert, architectures: ['BertForSequenceClassification'] }, 'sequence-classification');
  expect(rulesOf(await describeTextById(whole, { classes: 3, ...places }), 'head')).toEqual(['bert.pooler.**', 'classifier.**']);
  const adapters = ['**.lora_A.*', '**.lora_B.*'];
  expect(rulesOf(await describeTextById(whole, { classes: 3, ...places }), 'lora')).toEqual([...adapters, 'classifier.**']);
  expect(rulesOf(await describeTextById(masked, { classes: 3, ...places }), 'lora')).toEqual([
    ...adapters,
    'bert.pooler.**',
    'classifier.**',
  ]);
});

it('has no preset for the head of a language model that shares its embeddings', async () => {
  const names = async (described: Promise<DescribedTextModel | null>) =>
    presetsOf((await described)?.model as TextModel).map(({ name }) => name);
  const tied = folderOf('tied', gpt2, 'causal-lm');
  expect(await names(describeTextById(tied, places))).toEqual(['top', 'all', 'lora']);
  expect(await names(describeTextById(tied, { classes: 2, ...places }))).toEqual(['head', 'top', 'all', 'lora']);
  const llama = { model_type: 'llama', vocab_size: 30, hidden_size: 8, intermediate_size: 8, num_hidden_layers: 1, num_attention_heads: 2 };
  const own = folderOf('own', { ...llama, architectures: ['LlamaForCausalLM'] }, 'causal-lm');
  expect(rulesOf(await describeTextById(own, places), 'head')).toEqual(['lm_head.**']);
});
