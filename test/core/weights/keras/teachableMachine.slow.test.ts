import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine, type NamedTensors, type TensorData } from '../../../../src/core/engine';
import { presetRules } from '../../../../src/core/methods';
import { tensorsOf } from '../../../../src/core/nn';
import { readRun } from '../../../../src/core/runs';
import { digestOf } from '../../../../src/core/training/frozen';
import { loadModel, readSafetensors } from '../../../../src/core/weights';
import { learns } from '../../../../src/protocol/rules';
import { distance, logitsOf } from '../../models/compute';
import { kerasFixtures, planar } from '../../models/keras/fixtures';
import { configFor, finished, of, pictures } from '../../training/harness';

/** A model that Teachable Machine exported, where this machine has one. */
const folder = [path.resolve(__dirname, '../../../../../shared/real/tm-mobilenetv2-0.35'), process.env.THAW_TEACHABLE_MACHINE ?? ''].find(
  (found) => existsSync(path.join(found, 'model.json')),
);
const { logits: expected } = JSON.parse(readFileSync(path.join(kerasFixtures, 'teachable_machine.json'), 'utf8')) as { logits: number[] };

describe.skipIf(!folder)('a model of Teachable Machine', () => {
  const model = folder as string;
  let engine: Engine;
  let data: string;
  beforeAll(async () => {
    engine = await createEngine('onnx', { threads: 0 });
    data = await pictures();
  });
  afterAll(() => engine.dispose());

  it('answers as TensorFlow.js does', async () => {
    const loaded = await loadModel(model, { seed: 0, modelsFolder: '' });
    expect(loaded.labels).toEqual(['Class 1', 'Class 2']);
    expect(loaded.facts).toMatchObject({ parameters: 524_428, family: 'keras', imageSize: 224, title: 'tm-mobilenetv2-0.35' });
    expect(loaded.model.heads).toEqual(['sequential_1.dense_Dense1', 'sequential_1.dense_Dense2']);
    const side = [2, 224, 224, 3] as const;
    const theirs = Float32Array.from({ length: 2 * 224 * 224 * 3 }, (_, i) => ((i * 7919) % 509) / 254 - 1);
    const { data } = await logitsOf(engine, loaded.model, loaded.tensors, planar(theirs, side), [2, 3, 224, 224]);
    expect(distance(data, expected)).toBeLessThan(1e-4);
  });

  it.each([
    ['the head', null],
    ['the last blocks', 'top'],
    ['an inner layer and a norm alone', ['sequential.mobilenetv2_0_35_224.block_3_depthwise.**', 'sequential.**.block_6_project_BN.**']],
    ['everything', 'all'],
  ] as const)('goes on learning: %s', async (_, chosen) => {
    const before = await loadModel(model, { seed: 7, classes: 2, labels: ['left', 'right'], imageSize: 96, modelsFolder: '' });
    const rules = chosen === null || typeof chosen === 'string' ? presetRules(before.model, chosen ?? 'head') : [...chosen];
    const { folder: run, events } = await finished(
      configFor(data, { model, imageSize: 96, phases: [{ epochs: 4, learningRate: 0.002, rules }], augmentation: 'none' }),
    );
    const losses = of(events, 'epoch').map(({ train }) => train.loss);
    expect(Math.min(...losses.slice(1)), losses.join()).toBeLessThan(losses[0] as number);
    expect((await readRun(run)).report?.frozen.identical).toBe(true);

    const after = await readSafetensors(path.join(run, 'model/model.safetensors'));
    const digest = (tensors: NamedTensors, name: string) => digestOf(tensors.get(name) as TensorData);
    const changed = (name: string) => digest(after, name) !== digest(before.tensors, name);
    for (const module of modulesOf(before.model.root)) {
      const learning = module.tensors.some(({ key, statistic }) => !statistic && learns(rules, module.nameOf(key)));
      for (const { key, statistic } of module.tensors) {
        const name = module.nameOf(key);
        // A norm's moving mean and variance move where the norm learns, and only there.
        if (statistic) expect(changed(name), name).toBe(learning);
        else if (!learns(rules, name)) expect(changed(name), name).toBe(false);
      }
    }
    const learned = [...tensorsOf(before.model.root)].filter(({ statistic, name }) => !statistic && learns(rules, name));
    expect(learned.filter(({ name }) => changed(name)).length).toBeGreaterThan(0.9 * learned.length);
  });
});

type Tree = Awaited<ReturnType<typeof loadModel>>['model']['root'];
function* modulesOf(module: Tree): Generator<Tree> {
  yield module;
  for (const [, child] of module.children) yield* modulesOf(child);
}
