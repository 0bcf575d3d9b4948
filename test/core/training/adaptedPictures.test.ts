import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { TensorData } from '../../../src/core/engine';
import { loadModel, readSafetensors } from '../../../src/core/weights';
import { distance } from '../models/compute';
import { caseFolder } from '../models/family';
import { configFor, finished, newFolder, of, pictures } from './harness';

let data: string;
beforeAll(async () => {
  data = await pictures(10);
});

/** A transformer of pictures, its adapters and its head learning. */
const adapting = (model: string, epochs = 6) =>
  configFor(data, {
    model,
    lora: { rank: 4 },
    phases: [{ epochs, learningRate: 0.02, rules: ['**.lora_A.*', '**.lora_B.*', 'head.**'] }],
    augmentation: 'none',
    labelSmoothing: 0,
  });

test.each(['vit_tiny', 'vit_transformers'])(
  'adapters of %s learn; base and adapter together are the model that the run leaves',
  async (name) => {
    const base = caseFolder(name, newFolder());
    const { folder, events } = await finished(adapting(base));
    const last = of(events, 'finished')[0];
    if (!last) throw new Error(JSON.stringify(events.at(-1)));
    const losses = of(events, 'epoch').map(({ train }) => train.loss);
    expect(losses.at(-1), losses.join()).toBeLessThan(0.85 * (losses[0] as number));
    expect(last.report.frozen.identical).toBe(true);

    const whole = await readSafetensors(join(folder, 'model/model.safetensors'));
    const { tensors, labels, model } = await loadModel(join(folder, 'adapter'), { modelsFolder: '', seed: 9, imageSize: 32 });
    expect([...tensors].sort()).toEqual([...whole].sort());
    expect(labels).toEqual(['left', 'right']);
    expect(model.classes).toBe(2);
    const own = await loadModel(base, { modelsFolder: '', seed: 9, imageSize: 32 });
    expect(tensors.get('blocks.0.attn.qkv.weight')).not.toEqual(own.tensors.get('blocks.0.attn.qkv.weight'));
    expect(tensors.get('blocks.0.mlp.fc1.weight')).toEqual(own.tensors.get('blocks.0.mlp.fc1.weight'));
  },
);

test('an adapter like the one that is asked for learns on; another is merged, and what learns beside it has no base to name', async () => {
  const base = caseFolder('vit_tiny', newFolder());
  const { folder } = await finished(adapting(base, 3));
  const adapter = join(folder, 'adapter');
  const first = await readSafetensors(join(adapter, 'adapter_model.safetensors'));

  const second = await finished(adapting(adapter, 2));
  expect(of(second.events, 'finished')[0]?.report.frozen.identical).toBe(true);
  const on = await readSafetensors(join(second.folder, 'adapter/adapter_model.safetensors'));
  expect([...on.keys()]).toEqual([...first.keys()]);
  const [, entry] = [...first].find(([name]) => name.endsWith('lora_A.weight')) as [string, TensorData];
  const moved = [...first.keys()].filter((name) => distance(on.get(name)?.data ?? [], first.get(name)?.data ?? []) > 0);
  expect(moved).toEqual([...first.keys()]);
  expect(entry.shape[0]).toBe(4);
  // It goes on from where it was: a fresh A is another one.
  const losses = (events: typeof second.events) => of(events, 'epoch').map(({ train }) => train.loss);
  expect(losses(second.events)[0]).toBeLessThan(losses((await finished(adapting(base, 1))).events)[0] as number);
  expect(JSON.parse(readFileSync(join(second.folder, 'adapter/adapter_config.json'), 'utf8')).base_model_name_or_path).toBe(base);
  const whole = await readSafetensors(join(second.folder, 'model/model.safetensors'));
  const { tensors } = await loadModel(join(second.folder, 'adapter'), { modelsFolder: '', seed: 9, imageSize: 32 });
  expect([...tensors].sort()).toEqual([...whole].sort());

  const other = await finished({ ...adapting(adapter, 1), lora: { rank: 2, alpha: 4, dropout: 0, rslora: false, targets: [] } });
  expect(of(other.events, 'finished')).toHaveLength(1);
  expect(existsSync(join(other.folder, 'model/model.safetensors'))).toBe(true);
  expect(existsSync(join(other.folder, 'adapter'))).toBe(false);
  const merged = (events: typeof other.events) => of(events, 'warning').filter(({ code }) => code === 'model.adapterMerged').length;
  expect([merged(other.events), merged(second.events)]).toEqual([1, 0]);
});

test('a network without linear layers is refused by name', async () => {
  await expect(finished(adapting('convnet_small', 1))).rejects.toMatchObject({ failure: { code: 'config.invalid' } });
});
