import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { addLora } from '../../../../src/core/models';
import { buildTextModel } from '../../../../src/core/models/text';
import { initialTensors, linearsOf, tensorsOf } from '../../../../src/core/nn';
import { fitsAdapter, mergeAdapter, readAdapter, readSafetensors, saveAdapter } from '../../../../src/core/weights';
import { caseFolder } from '../../models/family';
import { adapterCases, adapterFolder, adapterTensors, expectedAdapter, type LoadedAny, loadAny } from './adapters';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-adapter-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lora = { dropout: 0, rslora: false };
const jsonOf = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

async function resave(name: string): Promise<{ live: LoadedAny; to: string; from: string }> {
  const from = adapterFolder(name, folder);
  const live = await loadAny(from, { keepsAdapter: true });
  const to = path.join(folder, `${name}-saved`);
  const { model, tensors, drawn, naming } = live;
  const { base } = expectedAdapter(name);
  const rslora = jsonOf(path.join(from, 'adapter_config.json')).use_rslora;
  const whole = new Set([...(await readAdapter(from)).whole.keys()]);
  const changed = (tensor: string) => drawn.has(tensor) || (naming?.namesOf(tensor) ?? [tensor]).some((theirs) => whole.has(theirs));
  await saveAdapter(to, {
    ...{ model, tensors, changed, naming, title: name },
    lora: { dropout: 0, rslora },
    base: { name: path.join(folder, base), revision: null },
    labels: name === 'bert' ? ['ant', 'bee', 'wasp'] : undefined,
  });
  return { live, to, from };
}

describe.each(adapterCases)('the adapter to %s, saved', (name) => {
  it('is read as what it was', async () => {
    const { live, to } = await resave(name);
    const again = await loadAny(to, { keepsAdapter: true, seed: 5 });
    expect([...again.tensors]).toEqual([...live.tensors]);
    const adapters = ({ model }: LoadedAny) => [...linearsOf(model.root)].map(({ path, adapter }) => ({ path, ...adapter }));
    expect(adapters(again)).toEqual(adapters(live));
    expect([...(await loadAny(to)).tensors]).toEqual([...mergeAdapter(live.model, live.tensors)]);
  });

  it.skipIf(name === 'vit_transformers')("has PEFT's names and settings", async () => {
    const { to, from } = await resave(name);
    const saved = await readSafetensors(path.join(to, 'adapter_model.safetensors'));
    expect(new Map([...saved].sort())).toEqual(new Map([...adapterTensors(name)].sort()));
    const [ours, theirs] = [to, from].map((at) => jsonOf(path.join(at, 'adapter_config.json')));
    for (const key of ['peft_type', 'task_type', 'use_rslora', 'fan_in_fan_out', 'bias', 'inference_mode', 'init_lora_weights'])
      expect(ours[key], key).toEqual(theirs[key]);
    if (Object.keys(theirs.rank_pattern).length === 0) expect([ours.r, ours.lora_alpha]).toEqual([theirs.r, theirs.lora_alpha]);
    expect(ours.target_modules.length).toBeLessThan(10);
  });
});

describe('saveAdapter', () => {
  const build = (layers = 2, width = 16) =>
    buildTextModel(
      {
        ...{ model_type: 'bert', vocab_size: 40, hidden_size: width, num_hidden_layers: layers },
        ...{ num_attention_heads: 2, intermediate_size: 4 * width, max_position_embeddings: 12 },
      },
      { head: 'sequence-classification', classes: 3 },
    );
  const base = { name: path.join(folder, 'somewhere', 'base'), revision: null };
  const isHead = (name: string) => name.startsWith('classifier.');

  it('names targets as shortly as they allow', async () => {
    const targetsOf = async (...targets: string[]) => {
      const model = build();
      addLora(model, { rank: 2, alpha: 4, targets });
      const to = path.join(folder, 'targets');
      await saveAdapter(to, { model, tensors: initialTensors(model.root, 1), lora, base, changed: isHead, title: 'x' });
      return jsonOf(path.join(to, 'adapter_config.json')).target_modules;
    };
    expect(await targetsOf()).toEqual(['query', 'value']);
    expect(await targetsOf('**.attention.output.dense')).toEqual(['attention.output.dense']);
    expect(await targetsOf('bert.encoder.layer.1.**.key')).toEqual(['1.attention.self.key']);
    expect(await targetsOf('**.key', 'bert.encoder.layer.0.intermediate.*')).toEqual(['key', '0.intermediate.dense']);
  });

  it('takes less than half a megabyte for a rank of 8 on queries and values of six layers, 384 wide', async () => {
    const model = build(6, 384);
    addLora(model, { rank: 8, alpha: 16, targets: [] });
    const to = path.join(folder, 'small');
    const file = path.join(to, 'adapter_model.safetensors');
    await saveAdapter(to, { model, tensors: initialTensors(model.root, 1), lora, base, changed: isHead, title: 'x' });
    expect(statSync(file).size).toBeLessThan(500_000);
  });

  it('brings labels along, and no path of this computer in its card', async () => {
    const { to } = await resave('bert');
    expect((await readAdapter(to)).labels).toEqual(['ant', 'bee', 'wasp']);
    const card = readFileSync(path.join(to, 'README.md'), 'utf8');
    expect(card).toContain('ant, bee, wasp');
    expect(card).not.toContain(folder);
  });

  it('is not for layers that have learned themselves', async () => {
    const model = build();
    expect(fitsAdapter(model, isHead)).toBe(false);
    addLora(model, { rank: 2, alpha: 4, targets: [] });
    expect(fitsAdapter(model, isHead)).toBe(true);
    expect(fitsAdapter(model, (name) => name.endsWith('.query.bias'))).toBe(false);
    const all = { model, tensors: initialTensors(model.root, 1), lora, base, changed: () => true, title: 'x' };
    await expect(saveAdapter(path.join(folder, 'all'), all)).rejects.toThrow(/learned itself/);
  });
});

describe('mergeAdapter', () => {
  it('leaves every byte of the base where the adapter is fresh', async () => {
    for (const [name, targets] of [
      ['bert', []],
      ['gpt2', []],
      ['llama', ['**']],
      ['t5', []],
      ['vit_tiny', []],
    ] as const) {
      const { model, tensors } = await loadAny(caseFolder(name, path.join(folder, 'fresh')));
      const negative = new Map(
        [...tensors].map(([name, tensor]) => [name, { ...tensor, data: Float32Array.from(tensor.data, (v) => -0 * v) }]),
      );
      for (const base of [tensors, negative]) {
        const plain = [...base];
        addLora(model, { rank: 3, alpha: 5, targets: [...targets] });
        const adapted = new Map([...initialTensors(model.root, 4), ...base]);
        const bytes = (all: Iterable<[string, { data: Float32Array | Int32Array }]>) =>
          [...all].map(([name, { data }]) => [name, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')]);
        expect(bytes(mergeAdapter(model, adapted))).toEqual(bytes(plain));
        for (const layer of linearsOf(model.root)) layer.unadapt();
      }
      expect([...tensorsOf(model.root)].map((tensor) => tensor.name)).toEqual([...tensors.keys()]);
    }
  });
});

it.each([
  ['peft_type', 'LOHA'],
  ['use_dora', true],
  ['bias', 'lora_only'],
  ['init_lora_weights', 'pissa'],
  ['task_type', 'TOKEN_CLS'],
  ['layer_replication', [[0, 1]]],
  ['trainable_token_indices', [1, 2]],
  ['loftq_config', { loftq_bits: 4 }],
  ['alpha_pattern', { '(a+)+$': 3 }],
  ['alpha_pattern', { '.*.*.*.*x': 3 }],
  ['alpha_pattern', { '(': 3 }],
])('an adapter with %s = %j is refused by name', async (setting, value) => {
  const from = adapterFolder('bert', folder);
  const file = path.join(from, 'adapter_config.json');
  writeFileSync(file, JSON.stringify({ ...jsonOf(file), [setting]: value }));
  await expect(readAdapter(from)).rejects.toMatchObject({
    failure: { code: 'model.unsupported', path: file, message: expect.stringContaining(setting) },
  });
});
