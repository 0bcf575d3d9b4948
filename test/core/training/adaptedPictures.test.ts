import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { loraRules } from '../../../src/core/methods';
import { loadModel, readSafetensors } from '../../../src/core/weights';
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

test('a run begins from an adapter as from any model, and what it learns beside it has no base to name', async () => {
  const { folder } = await finished(adapting(caseFolder('vit_tiny', newFolder()), 2));
  const adapter = join(folder, 'adapter');
  const kept = await loadModel(adapter, { modelsFolder: '', seed: 9, imageSize: 32, keepsAdapter: true });
  expect(loraRules(kept.model)).toEqual(['**.lora_A.*', '**.lora_B.*', 'head.**']);
  const second = await finished(adapting(adapter, 1));
  expect(of(second.events, 'finished')).toHaveLength(1);
  expect(existsSync(join(second.folder, 'model/model.safetensors'))).toBe(true);
  expect(existsSync(join(second.folder, 'adapter'))).toBe(false);
});

test('a network without linear layers is refused by name', async () => {
  await expect(finished(adapting('convnet_small', 1))).rejects.toMatchObject({ failure: { code: 'config.invalid' } });
});
