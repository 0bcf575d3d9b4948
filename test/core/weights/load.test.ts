import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../../src/core/engine/engine';
import { buildModel } from '../../../src/core/models';
import { initialTensors, tensorsOf } from '../../../src/core/nn';
import { describeModel, encodeSafetensors, listModels, loadModel, readSafetensors, saveModel } from '../../../src/core/weights';
import { failureOfFile } from '../../failures';
import { caseFolder } from '../models/family';
import { expected, fixtures, transformersFolder } from '../models/fixtures';
import { kerasFixtures } from '../models/keras/fixtures';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-load-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const timm = path.join(fixtures, 'mobilenetv2');
const nowhere = { modelsFolder: path.join(os.tmpdir(), 'thaw-no-models') };

/** Names, shapes and bytes; toEqual would walk through every number. */
function digest(tensors: NamedTensors): string[] {
  return [...tensors].map(
    ([name, { dtype, shape, data }]) => `${name} ${dtype} ${shape.join()} ${createHash('sha256').update(data).digest('hex')}`,
  );
}

/** A copy of the fixture with another config. */
function withConfig(change: (config: Record<string, unknown>) => unknown): string {
  const copy = path.join(folder, 'changed');
  cpSync(timm, copy, { recursive: true });
  const config = JSON.parse(readFileSync(path.join(copy, 'config.json'), 'utf8')) as Record<string, unknown>;
  const changed = change(config);
  writeFileSync(path.join(copy, 'config.json'), typeof changed === 'string' ? changed : JSON.stringify(changed));
  return copy;
}

describe('a folder in timm’s layout', () => {
  it('gives every tensor of the tree, its labels and its preprocessing', async () => {
    const { model, tensors, labels, sha256, facts } = await loadModel(timm, { ...nowhere, seed: 0 });
    expect([...tensors.keys()]).toEqual([...tensorsOf(model.root)].map((tensor) => tensor.name));
    for (const { name, shape } of tensorsOf(model.root)) expect(tensors.get(name)).toMatchObject({ dtype: 'float32', shape });
    expect(labels).toEqual(expected.labels);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(model.input).toEqual({
      size: expected.size,
      crop: 0.9,
      interpolation: 'bilinear',
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
    expect(facts).toMatchObject({ source: 'disk', licence: 'Apache-2.0', pretrainedOn: 'ImageNet', family: 'mobilenetv2', id: timm });
    expect(facts.bytes).toBeGreaterThan(100_000);
  });

  it('gets a new head for other classes, all else untouched', async () => {
    const own = await loadModel(timm, { ...nowhere, seed: 1 });
    const other = await loadModel(timm, { ...nowhere, seed: 1, classes: 5, imageSize: 64 });
    expect(other.model).toMatchObject({ classes: 5, input: { size: 64, crop: 0.9 } });
    expect(other.tensors.get('classifier.weight')?.shape).toEqual([5, 1280]);
    const body = (tensors: NamedTensors) => digest(tensors).filter((line) => !line.startsWith('classifier.'));
    expect(body(other.tensors)).toEqual(body(own.tensors));
    const again = await loadModel(timm, { ...nowhere, seed: 1, classes: 5 });
    expect(again.tensors.get('classifier.weight')).toEqual(other.tensors.get('classifier.weight'));
  });

  it('keeps its head only for the same labels in the same order', async () => {
    const head = (await loadModel(timm, { ...nowhere, seed: 1 })).tensors.get('classifier.weight');
    const headFor = async (labels?: string[]) =>
      (await loadModel(timm, { ...nowhere, seed: 1, classes: 3, ...(labels && { labels }) })).tensors.get('classifier.weight');
    expect(await headFor(['ant', 'bee', 'wasp'])).toEqual(head);
    expect(await headFor(['bee', 'ant', 'wasp'])).not.toEqual(head);
    expect(await headFor()).not.toEqual(head);
  });

  it('is meant by whoever points at its configuration, or at the shards of a model.json', async () => {
    expect((await describeModel(path.join(timm, 'config.json'), nowhere)).facts.id).toBe(timm);
    const everything = path.join(kerasFixtures, 'everything_tfjs');
    const shard = readdirSync(everything).find((name) => name.endsWith('.bin')) as string;
    expect((await describeModel(path.join(everything, shard), nowhere)).facts.id).toBe(path.join(everything, 'model.json'));
  });

  it('is described without reading its weights', async () => {
    const { facts, model, labels } = await describeModel(timm, { ...nowhere, classes: 7 });
    const loaded = await loadModel(timm, { ...nowhere, classes: 7, seed: 0 });
    expect(facts).toEqual(loaded.facts);
    expect(model.config).toEqual(loaded.model.config);
    expect(labels).toEqual(expected.labels);
  });
});

it('reads what transformers writes beside its weights', async () => {
  const { model, facts } = await describeModel(transformersFolder(folder), nowhere);
  expect(model.architecture).toBe('mobilenetv2_035');
  expect(model.input).toEqual({ size: 50, crop: 50 / 64, interpolation: 'bilinear', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
  expect(model.config.model_args).toEqual({ pad_type: 'same', bn_eps: 0.001 });
  expect(facts.source).toBe('disk');
});

describe('a saved model', () => {
  it('comes back with the same bytes, labels and preprocessing, and replaces the one before it', async () => {
    const target = path.join(folder, 'run', 'model');
    const { model } = await describeModel(timm, { ...nowhere, classes: 2 });
    for (const seed of [1, 2]) {
      const tensors = initialTensors(model.root, seed);
      await saveModel(target, { model, tensors, labels: ['a/b', '<script>'], card: '# Card\n' });
      const back = await loadModel(target, { ...nowhere, seed: 9 });
      expect(back.labels).toEqual(['a/b', '<script>']);
      expect(back.model.input).toEqual(model.input);
      expect(digest(back.tensors)).toEqual(digest(tensors));
      expect(back.facts.pretrainedOn).toBe('');
    }
    expect(readdirSync(path.dirname(target))).toEqual(['model']);
    expect(readdirSync(target).sort()).toEqual(['README.md', 'config.json', 'model.safetensors']);
  });

  it('is a model to go on from, by the run’s folder or name', async () => {
    const run = path.join(folder, 'runs', '2026-vehicles');
    const { model } = await describeModel('convnet_small', { ...nowhere, classes: 2 });
    await saveModel(path.join(run, 'model'), { model, tensors: initialTensors(model.root, 3), labels: ['car', 'truck'], card: '' });
    const places = { ...nowhere, runsFolder: path.join(folder, 'runs') };
    for (const id of [run, '2026-vehicles']) {
      const { facts, labels, tensors } = await loadModel(id, { ...places, seed: 0, classes: 4 });
      expect(facts).toMatchObject({ id: run, source: 'run', title: '2026-vehicles · Small ConvNet' });
      expect(labels).toEqual(['car', 'truck']);
      expect(tensors.get('classifier.bias')?.shape).toEqual([4]);
    }
    mkdirSync(path.join(folder, 'runs', 'torn', 'model'), { recursive: true });
    writeFileSync(path.join(folder, 'runs', 'torn', 'model', 'config.json'), '{');
    expect((await listModels(places)).map((facts) => [facts.id, facts.source])).toEqual([
      ['convnet_small', 'scratch'],
      ['mobilenetv2_035', 'scratch'],
      ['mobilenetv2_100', 'scratch'],
      [run, 'run'],
    ]);
  });
});

describe('from scratch', () => {
  it('is drawn from the seed', async () => {
    const draw = (seed: number) => loadModel('convnet_small', { ...nowhere, classes: 2, seed });
    const [a, b, c] = [await draw(1), await draw(1), await draw(2)];
    expect(digest(a.tensors)).toEqual(digest(b.tensors));
    expect(a.tensors.get('stages.0.conv1.weight')).not.toEqual(c.tensors.get('stages.0.conv1.weight'));
    expect(a).toMatchObject({ sha256: null, labels: null, facts: { source: 'scratch', bytes: 0, pretrainedOn: '' } });
  });

  it('gives way to weights in the models folder', async () => {
    const model = buildModel({ architecture: 'mobilenetv2_035', classes: 2 });
    await saveModel(path.join(folder, 'mobilenetv2_035'), { model, tensors: initialTensors(model.root, 0), labels: ['a', 'b'], card: '' });
    expect((await describeModel('mobilenetv2_035', { modelsFolder: folder })).facts.source).toBe('bundled');
  });
});

describe('what cannot be loaded says why, where and what to do', () => {
  it.each([
    ['efficientnet_lite0', 'npm run models'],
    ['resnet50', 'thaw models'],
    ['../nothing/here', 'thaw models'],
    ['..', 'config.json'],
  ])('%s', async (id, remedy) => {
    const { code, hint } = await failureOfFile(loadModel(id, { ...nowhere, classes: 2, seed: 0 }));
    expect(code).toBe('model.missing');
    expect(hint).toContain(remedy);
  });

  it('a run that has not left a model yet', async () => {
    writeFileSync(path.join(folder, 'run.json'), '{}');
    expect((await failureOfFile(describeModel(folder, nowhere))).message).toContain('not left a model');
  });

  it.each<[string, (config: Record<string, unknown>) => unknown, string, RegExp]>([
    ['an unknown architecture', (c) => ({ ...c, architecture: 'resnet51' }), 'model.unsupported', /resnet51/],
    ['another model type', () => ({ model_type: 'swin' }), 'model.unsupported', /swin/],
    ['no type at all', () => ({}), 'model.unsupported', /architecture/],
    ['a setting that changes the arithmetic', (c) => ({ ...c, model_args: { act_layer: 'silu' } }), 'model.unsupported', /act_layer/],
    ['pictures with one channel', (c) => ({ ...c, model_args: { in_chans: 1 } }), 'model.unsupported', /in_chans/],
    ['dilation', () => ({ model_type: 'mobilenet_v2', output_stride: 8 }), 'model.unsupported', /output_stride/],
    ['a width that has no name', () => ({ model_type: 'mobilenet_v2', depth_multiplier: 0.333 }), 'model.unsupported', /0.333/],
    ['a residual that timm would add', () => ({ model_type: 'mobilenet_v2', depth_multiplier: 0.25 }), 'model.unsupported', /0.25/],
    ['text instead of JSON', () => '{"architecture": ', 'model.corrupt', /JSON/],
    ['a wrong type', (c) => ({ ...c, num_classes: 'three' }), 'model.corrupt', /num_classes/],
    ['more classes than the head has', (c) => ({ ...c, num_classes: 4 }), 'model.corrupt', /classifier/],
    ['another width than the weights', (c) => ({ ...c, architecture: 'mobilenetv2_100' }), 'model.corrupt', /conv_stem/],
  ])('a config with %s', async (_, change, code, message) => {
    const found = await failureOfFile(loadModel(withConfig(change), { ...nowhere, seed: 0 }));
    expect(found.code).toBe(code);
    expect(found.message).toMatch(message);
  });

  it('weights that are missing, cut, too few, too many or of another kind', async () => {
    const copy = withConfig((config) => config);
    const weights = path.join(copy, 'model.safetensors');
    const code = async () => (await failureOfFile(loadModel(copy, { ...nowhere, seed: 0 }))).code;
    const whole = readFileSync(weights);
    const tensors = await readSafetensors(weights);
    const stem = tensors.get('conv_stem.weight');
    if (!stem) throw new Error('no stem');
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const spoilt = Float32Array.from(stem.data).fill(value, 5, 6);
      writeFileSync(weights, encodeSafetensors(new Map([...tensors, ['conv_stem.weight', { ...stem, data: spoilt }]])));
      const refused = await failureOfFile(loadModel(copy, { ...nowhere, seed: 0 }));
      expect(refused).toMatchObject({ code: 'model.corrupt', path: weights, message: expect.stringContaining('conv_stem.weight') });
    }
    writeFileSync(weights, whole.subarray(0, whole.length - 1));
    expect(await code()).toBe('model.corrupt');
    writeFileSync(weights, encodeSafetensors(new Map([...tensors].filter(([name]) => name !== 'bn1.running_mean'))));
    expect(await code()).toBe('model.corrupt');
    writeFileSync(weights, encodeSafetensors(new Map([...tensors, ['extra.weight', stem]])));
    expect(await code()).toBe('model.unsupported');
    writeFileSync(
      weights,
      encodeSafetensors(new Map([...tensors, ['conv_stem.weight', { ...stem, dtype: 'int32', data: new Int32Array(stem.data) }]])),
    );
    expect(await code()).toBe('model.corrupt');
    rmSync(weights);
    expect(await code()).toBe('model.missing');
    expect(existsSync(copy)).toBe(true);
  });
});

describe('a vision transformer', () => {
  it('takes pictures of another size, its positions made to fit and all else untouched', async () => {
    const from = caseFolder('vit_tiny', folder);
    const own = await loadModel(from, { ...nowhere, seed: 1 });
    const larger = await loadModel(from, { ...nowhere, seed: 1, imageSize: 56 });
    expect(own.tensors.get('pos_embed')?.shape).toEqual([1, 17, 24]);
    expect(larger.tensors.get('pos_embed')?.shape).toEqual([1, 50, 24]);
    expect(larger.model.config.model_args).toMatchObject({ img_size: 56, patch_size: 8 });
    const rest = (tensors: NamedTensors) => digest(tensors).filter((line) => !line.startsWith('pos_embed'));
    expect(rest(larger.tensors)).toEqual(rest(own.tensors));
  });

  it('begins without a classifier, from the bare network that transformers saves', async () => {
    const whole = caseFolder('vit_transformers', folder);
    const bare = path.join(folder, 'bare');
    cpSync(whole, bare, { recursive: true });
    const kept = [...(await readSafetensors(path.join(whole, 'model.safetensors')))].filter(([name]) => !name.startsWith('classifier.'));
    const pooler = { dtype: 'float32', shape: [24], data: new Float32Array(24) } as const;
    const tensors = new Map([
      ...kept.map(([name, tensor]) => [name.replace(/^vit\./, ''), tensor] as const),
      ['pooler.dense.bias', pooler],
    ]);
    writeFileSync(path.join(bare, 'model.safetensors'), encodeSafetensors(tensors));
    const [a, b] = [
      await loadModel(whole, { ...nowhere, classes: 5, seed: 1 }),
      await loadModel(bare, { ...nowhere, classes: 5, seed: 1 }),
    ];
    expect(digest(b.tensors)).toEqual(digest(a.tensors));
    expect((await failureOfFile(loadModel(bare, { ...nowhere, seed: 1 }))).message).toContain('head.weight');
  });
});
