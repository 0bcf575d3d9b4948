import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { TensorData } from '../../../../src/core/engine';
import { describeModel, describeTextById, encodeSafetensors, loadTextById, readAdapter } from '../../../../src/core/weights';
import { failureOf } from '../../../failures';
import { adapterFolder, adapterTensors, loadAny } from './adapters';

const root = mkdtempSync(path.join(os.tmpdir(), 'thaw-adapter-bad-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
let world = '';
let adapter = '';
beforeEach(() => {
  world = path.join(root, `${count++}`);
  mkdirSync(world);
  adapter = adapterFolder('bert', world);
});

const weights = () => path.join(adapter, 'adapter_model.safetensors');
const settings = () => path.join(adapter, 'adapter_config.json');
const change = (more: Record<string, unknown>) =>
  writeFileSync(settings(), JSON.stringify({ ...JSON.parse(readFileSync(settings(), 'utf8')), ...more }));
/** Writes the adapter's tensors anew, each under the names that `names` gives it. */
const rename = (names: (name: string) => string | string[], reshape: (tensor: TensorData, name: string) => TensorData = (t) => t) => {
  const all = [...adapterTensors('bert')].flatMap(([name, tensor]) => [names(name)].flat().map((n) => [n, reshape(tensor, name)] as const));
  writeFileSync(weights(), encodeSafetensors(new Map(all)));
};
describe('older ways to save an adapter are read', () => {
  it.each([
    [
      'with the name of the adapter',
      (name: string) => name.replace(/\.weight$/, (end) => (name.includes('lora_') ? `.default${end}` : end)),
    ],
    ['without the prefix', (name: string) => name.replace('base_model.model.', '')],
    [
      'as it was in memory, the base’s own classifier beside it',
      (name: string) =>
        name.includes('classifier')
          ? [name.replace('classifier.', 'classifier.modules_to_save.default.'), name.replace('classifier.', 'classifier.original_module.')]
          : name,
    ],
    ['of a bare network', (name: string) => name.replace('model.bert.', 'model.')],
  ])('%s', async (_, names) => {
    const before = [...(await loadAny(adapter)).tensors];
    rename(names);
    expect([...(await loadAny(adapter)).tensors]).toEqual(before);
  });
});

it('an adapter of transformers 4 has other names for the layers of ViT', async () => {
  const from = adapterFolder('vit_transformers', world);
  const before = [...(await loadAny(from)).tensors];
  const old = (name: string) =>
    name
      .replace('vit.layers.', 'vit.encoder.layer.')
      .replace('attention.q_proj', 'attention.attention.query')
      .replace('attention.v_proj', 'attention.attention.value')
      .replace('mlp.fc1', 'intermediate.dense');
  const tensors = new Map([...adapterTensors('vit_transformers')].map(([name, tensor]) => [old(name), tensor]));
  expect([...tensors.keys()]).not.toEqual([...adapterTensors('vit_transformers').keys()]);
  writeFileSync(path.join(from, 'adapter_model.safetensors'), encodeSafetensors(tensors));
  expect([...(await loadAny(from)).tensors]).toEqual(before);
});

describe('an adapter for another base', () => {
  it('names the first layers that the base has not', async () => {
    rename((name) => name.replace(/layer\.(\d)/, (_, n) => `layer.${Number(n) + 7}`));
    const { code, message, path: at, hint } = await failureOf(describeTextById(adapter, { modelsFolder: '' }));
    expect(code).toBe('model.unsupported');
    expect(message).toContain('bert.encoder.layer.7.attention.self.query is not there');
    expect(message).toContain('BERT, ');
    expect(message).toMatch(/…\.$/);
    expect(hint).toContain('../bert');
    expect(at).toBe(weights());
  });

  it('names the sizes that do not fit', async () => {
    rename(
      (name) => name,
      (tensor, name) => (name.includes('query.lora_A') ? { dtype: 'float32', shape: [4, 768], data: new Float32Array(4 * 768) } : tensor),
    );
    const { code, message } = await failureOf(loadAny(adapter));
    expect(code).toBe('model.unsupported');
    expect(message).toContain('A is [4,768] and B [');
  });

  it('is one of pictures for a model of texts, and the other way round', async () => {
    change({ base_model_name_or_path: '../vit_tiny' });
    adapterFolder('vit_tiny', world);
    expect(await failureOf(describeModel(adapter, { modelsFolder: '' }))).toMatchObject({
      code: 'model.unsupported',
      message: expect.stringContaining('is not there'),
    });
  });

  it('adapts what takes no adapter', async () => {
    rename((name) => name.replace('attention.self.query', 'attention.output.LayerNorm'));
    expect((await failureOf(loadAny(adapter))).message).toContain('LayerNorm, which takes no adapter');
  });
});

describe('an adapter that is not whole', () => {
  it.each([
    ['half of a pair', () => rename((name) => (name.includes('layer.0.attention.self.query.lora_B') ? [] : name)), 'lora_B is missing'],
    ['nothing adapted', () => rename((name) => (name.includes('lora_') ? [] : name)), 'no tensor is called lora_A'],
    ['cut weights', () => writeFileSync(weights(), readFileSync(weights()).subarray(0, 900)), ''],
    ['no JSON', () => writeFileSync(settings(), '{"peft_type":'), 'not JSON'],
    ['a rank that is none', () => change({ r: -3 }), 'r: '],
    [
      'not a number',
      () =>
        rename(
          (name) => name,
          (tensor) => ({ ...tensor, data: Float32Array.from(tensor.data, () => Number.NaN) }),
        ),
      '',
    ],
  ])('%s', async (_, spoil, message) => {
    spoil();
    const failure = await failureOf(loadAny(adapter));
    expect(failure.code).toBe('model.corrupt');
    expect(failure.message).toContain(message);
    expect(failure.path?.startsWith(adapter)).toBe(true);
  });

  it('has no weights', async () => {
    rmSync(weights());
    expect(await failureOf(loadAny(adapter))).toMatchObject({ code: 'model.missing', path: adapter });
  });

  it('holds adapters of several names, or of other kinds', async () => {
    rename((name) => (name.includes('lora_') ? ['one', 'two'].map((adapter) => name.replace(/\.weight$/, `.${adapter}.weight`)) : name));
    expect(await failureOf(readAdapter(adapter))).toMatchObject({
      code: 'model.unsupported',
      message: expect.stringContaining('one, two'),
    });
    rename((name) => name.replace('lora_A.weight', 'lora_embedding_A'));
    expect(await failureOf(readAdapter(adapter))).toMatchObject({
      code: 'model.unsupported',
      message: expect.stringContaining('lora_embedding_A'),
    });
  });
});

describe('the base of an adapter', () => {
  it('is found beside it, by its path, and by its name among the bundled models where the path leads nowhere', async () => {
    const before = [...(await loadAny(adapter)).tensors];
    change({ base_model_name_or_path: path.join(world, 'bert') });
    expect([...(await loadAny(adapter)).tensors]).toEqual(before);
    for (const gone of ['/nowhere/on/this/machine/bert', 'C:\\models\\bert']) {
      change({ base_model_name_or_path: gone });
      expect((await describeTextById(adapter, { modelsFolder: world }))?.model.classes).toBe(3);
    }
  });

  it.each([
    ['is not said', null],
    ['is not here', 'some-organisation/some-model'],
    ['is not here', '../nothing'],
    ['is the adapter itself', '.'],
    ['is on somebody’s share', '\\\\server\\share\\bert'],
    ['is on somebody’s share', '//server/share/bert'],
    ['learns from scratch', 'convnet_small'],
  ])('%s: %s', async (_, base) => {
    change({ base_model_name_or_path: base });
    const { code, path: at, hint } = await failureOf(loadAny(adapter));
    expect(code).toBe('model.missing');
    expect(at).toBe(settings());
    expect(hint).not.toBe('');
  });

  it('is no other adapter', async () => {
    const other = path.join(world, 'other');
    mkdirSync(other);
    for (const name of ['adapter_config.json', 'adapter_model.safetensors']) copyFileSync(path.join(adapter, name), path.join(other, name));
    change({ base_model_name_or_path: '../other' });
    expect((await failureOf(loadAny(adapter))).code).toBe('model.missing');
  });
});

describe('a model with an adapter', () => {
  it('goes by the folder of the adapter, and has its classes', async () => {
    const described = await describeTextById(adapter, { modelsFolder: '' });
    expect(described?.facts).toMatchObject({ id: adapter, title: 'bert-adapter', source: 'disk' });
    expect(described?.model.classes).toBe(3);
    expect(described?.keepsHead).toBe(true);
  });

  it('takes a new head for other classes, and keeps what it learned below', async () => {
    const own = await loadAny(adapter);
    const other = (await describeTextById(adapter, { modelsFolder: '', classes: 5 })) as { model: { classes: number }; keepsHead: boolean };
    expect([other.model.classes, other.keepsHead]).toEqual([5, false]);
    const loaded = await loadTextById(adapter, { modelsFolder: '', seed: 3, classes: 5, labels: ['a', 'b', 'c', 'd', 'e'] });
    for (const [name, tensor] of own.tensors) {
      if (!name.startsWith('classifier.')) expect(loaded?.tensors.get(name)).toEqual(tensor);
      else expect(loaded?.tensors.get(name)?.shape[0]).toBe(5);
    }
  });

  it('is a model where all weights lie beside the adapter’s settings', async () => {
    renameSync(path.join(world, 'bert', 'model.safetensors'), path.join(adapter, 'model.safetensors'));
    copyFileSync(path.join(world, 'bert', 'config.json'), path.join(adapter, 'config.json'));
    rmSync(weights());
    const { tensors } = await loadAny(adapter);
    expect(tensors.has('classifier.weight')).toBe(true);
  });
});

it('settings of any kind are read, or refused by a failure that names the file', async () => {
  const names = [
    'peft_type',
    'task_type',
    'r',
    'lora_alpha',
    'lora_dropout',
    'use_rslora',
    'bias',
    'alpha_pattern',
    'rank_pattern',
    'use_dora',
  ];
  const value = fc.oneof(
    fc.constantFrom<unknown>('LORA', 'SEQ_CLS', 'none', true, 8, 0.5, {}, { 'layer.*query': 4 }, { '((((': 1 }, { '^(a|b)*$': 2 }),
    fc.jsonValue(),
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), value), async (more) => {
      writeFileSync(settings(), JSON.stringify({ peft_type: 'LORA', base_model_name_or_path: '../bert', ...more }));
      const reading = readAdapter(adapter);
      if (await reading.catch(() => null)) return;
      const failure = await failureOf(reading);
      expect(['model.corrupt', 'model.unsupported']).toContain(failure.code);
      expect(failure.path).toBe(settings());
    }),
    { numRuns: 150 },
  );
});

it('a pattern finds layers as PEFT does, by the end of their names', async () => {
  change({ lora_alpha: 8, alpha_pattern: { query: 2, 'layer\\.1\\.attention\\.self\\.value': 3, '^bert.*layer.0.*value': 5 } });
  const { config } = await readAdapter(adapter);
  const at = (layer: number, name: string) => config.scaleOf(`bert.encoder.layer.${layer}.attention.self.${name}`, 4) * 4;
  expect([at(0, 'query'), at(1, 'query'), at(0, 'value'), at(1, 'value'), at(2, 'value'), at(0, 'subquery')]).toEqual([2, 2, 5, 3, 8, 8]);
});
