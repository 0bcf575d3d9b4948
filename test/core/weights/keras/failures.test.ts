import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeModel, loadModel } from '../../../../src/core/weights';
import { readTopology } from '../../../../src/core/weights/keras/topology';
import { ThawError } from '../../../../src/protocol/failure';
import { failureOf } from '../../../failures';
import { kerasFixtures } from '../../models/keras/fixtures';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-keras-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const failure = (model: string, more: { imageSize?: number } = {}) => failureOf(loadModel(model, { seed: 0, modelsFolder: '', ...more }));

interface Json {
  modelTopology: { model_config: { config: { layers: { class_name: string; name: string; config: Record<string, unknown> }[] } } };
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[] }[] }[];
}

/** A copy of the tfjs fixture, model.json changed. */
function changed(change: (json: Json) => void): string {
  cpSync(path.join(kerasFixtures, 'everything_tfjs'), folder, { recursive: true });
  const file = path.join(folder, 'model.json');
  const json = JSON.parse(readFileSync(file, 'utf8')) as Json;
  change(json);
  writeFileSync(file, JSON.stringify(json));
  return file;
}
const layer = (json: Json, name: string) =>
  json.modelTopology.model_config.config.layers.find(
    (found) => found.name === name,
  ) as Json['modelTopology']['model_config']['config']['layers'][number];

describe('a layer is refused by its name', () => {
  it('that Thaw does not know', async () => {
    const file = changed((json) => {
      layer(json, 'shared').class_name = 'Conv2DTranspose';
    });
    expect(await failure(file)).toMatchObject({
      code: 'model.unsupported',
      message: expect.stringContaining('"shared" (Conv2DTranspose)'),
      path: file,
    });
  });

  it('whose name would speak to the terminal', async () => {
    const file = changed((json) => {
      layer(json, 'shared').name = 'shared\u001b[2J';
    });
    const { code, message } = await failure(file);
    expect([code, /\p{Cc}/u.test(message.replaceAll('\n', ' '))]).toEqual(['model.corrupt', false]);
  });

  it('that holds code', async () => {
    const file = path.join(kerasFixtures, 'lambda.keras');
    expect(await failure(file)).toMatchObject({
      code: 'model.unsupported',
      message: expect.stringContaining('"own_code" (Lambda)'),
      path: file,
    });
  });

  it.each([
    ['activation', 'my_own', /"shared".*"my_own"/],
    ['activation', { class_name: 'Custom', config: {} }, /"shared".*code/],
    ['padding', 'causal', /"shared".*padding/],
    ['strides', [1, 0], /"shared".*strides/],
  ])('with the setting %s = %j', async (key, value, words) => {
    const file = changed((json) => {
      layer(json, 'shared').config[key] = value;
    });
    expect(await failure(file)).toMatchObject({ code: 'model.unsupported', message: expect.stringMatching(words), path: file });
  });
});

describe('files that are not as they say', () => {
  it('a shard is missing', async () => {
    const file = changed(() => {});
    rmSync(path.join(folder, 'group1-shard2of2.bin'));
    expect(await failure(file)).toMatchObject({ code: 'model.missing', path: path.join(folder, 'group1-shard2of2.bin') });
  });

  it('a shard is too short or too long', async () => {
    const file = changed(() => {});
    const shard = path.join(folder, 'group1-shard2of2.bin');
    const bytes = readFileSync(shard);
    truncateSync(shard, bytes.length - 1);
    expect(await failure(file)).toMatchObject({ code: 'model.corrupt' });
    writeFileSync(shard, Buffer.concat([bytes, Buffer.alloc(4)]));
    expect(await failure(file)).toMatchObject({ code: 'model.corrupt' });
  });

  it.each(['../elsewhere.bin', '/etc/hostname', '.'])('a shard lies at %s', async (shard) => {
    const file = changed((json) => {
      (json.weightsManifest[0] as Json['weightsManifest'][0]).paths = [shard];
    });
    expect(await failure(file)).toMatchObject({ code: 'model.corrupt', path: file });
  });

  it('a tensor has another shape, is missing, or is one too many', async () => {
    const weights = (json: Json) => (json.weightsManifest[0] as Json['weightsManifest'][0]).weights;
    const kernel = (json: Json) => weights(json).find(({ name }) => name === 'shared/kernel') as { name: string; shape: number[] };
    const swapped = changed((json) => {
      kernel(json).shape = [6, 1, 1, 6];
    });
    expect(await failure(swapped)).toMatchObject({ code: 'model.corrupt', message: expect.stringContaining('shared/kernel') });
    const lost = changed((json) => {
      kernel(json).name = 'other/kernel';
    });
    expect(await failure(lost)).toMatchObject({ code: 'model.corrupt', message: expect.stringContaining('shared.kernel') });
    const more = changed((json) => {
      weights(json).push({ ...kernel(json), name: 'other/kernel', shape: [0] });
    });
    expect(await failure(more)).toMatchObject({ code: 'model.unsupported', message: expect.stringContaining('other/kernel') });
  });

  it('a graph model of TensorFlow.js', async () => {
    const file = path.join(folder, 'model.json');
    writeFileSync(file, JSON.stringify({ format: 'graph-model', modelTopology: { node: [] }, weightsManifest: [] }));
    expect(await failure(file)).toMatchObject({ code: 'model.unsupported', path: file });
  });

  it.each([
    ['model.h5', 'no HDF5'],
    ['model.keras', 'no zip'],
    ['model.json', '{}'],
    ['model.json', '{"modelTopology":{"class_name":"Sequential","config":{"layers":[]}},"weightsManifest":[]}'],
  ])('%s holds %s', async (name, text) => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    expect(await failure(file)).toMatchObject({ code: 'model.corrupt', path: file });
  });

  it('a .keras or .h5 is cut short anywhere', async () => {
    const lengths = fc.sample(fc.double({ min: 0, max: 0.999, noNaN: true }), { numRuns: 12, seed: 1 });
    for (const name of ['grey.keras', 'words.h5']) {
      const bytes = readFileSync(path.join(kerasFixtures, name));
      const file = path.join(folder, name);
      for (const share of lengths) {
        writeFileSync(file, bytes.subarray(0, Math.floor(share * bytes.length)));
        expect((await failure(file)).path).toBe(file);
      }
    }
  });
});

it('a model whose dense layers follow from its size takes pictures of no other', async () => {
  const file = path.join(kerasFixtures, 'everything.keras');
  expect(await failure(file, { imageSize: 20 })).toMatchObject({ code: 'config.invalid', message: expect.stringContaining('13') });
  const { model } = await describeModel(path.join(kerasFixtures, 'topless.keras'), { modelsFolder: '', imageSize: 40 });
  expect(model.input.size).toBe(40);
});

it('a text model is none for pictures', async () => {
  expect(await failure(path.join(kerasFixtures, 'words.h5'))).toMatchObject({ code: 'model.unsupported' });
});

it('whatever stands for a model’s layers is understood or refused, never thrown over', { timeout: 30_000 }, () => {
  const text = fc.constantFrom('Sequential', 'Functional', 'Model', 'Dense', 'InputLayer', 'a', 'b', '__proto__', 'constructor');
  const node = fc.oneof(fc.tuple(text, fc.nat(2), fc.nat(1), fc.dictionary(text, fc.jsonValue())), fc.jsonValue());
  const anyLayer = fc.letrec((tie) => ({
    layer: fc.record(
      {
        class_name: text,
        name: text,
        config: fc.oneof(
          fc.array(tie('layer'), { maxLength: 3 }),
          fc.record(
            {
              name: text,
              units: fc.nat(3),
              layers: fc.array(tie('layer'), { maxLength: 3 }),
              input_layers: fc.array(node),
              output_layers: fc.array(node),
              batch_shape: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
        ),
        inbound_nodes: fc.array(fc.oneof(fc.array(node, { maxLength: 2 }), fc.record({ args: fc.array(fc.jsonValue()) }))),
      },
      { requiredKeys: [] },
    ),
  })).layer;
  fc.assert(
    fc.property(fc.oneof(anyLayer, fc.jsonValue()), (topology) => {
      try {
        readTopology(topology, { path: 'model.json', name: 'model' });
      } catch (error) {
        expect(error).toBeInstanceOf(ThawError);
      }
    }),
    { numRuns: 500, seed: 3 },
  );
});

it('a folder with one Keras file is that model', async () => {
  const inner = path.join(folder, 'download');
  mkdirSync(inner);
  cpSync(path.join(kerasFixtures, 'grey.keras'), path.join(inner, 'keras_model.keras'));
  writeFileSync(path.join(inner, 'labels.txt'), '0 Cat\r\n1 Big dog\r\n');
  const { facts, labels, model } = await describeModel(inner, { modelsFolder: '' });
  expect(facts).toMatchObject({ id: path.join(inner, 'keras_model.keras'), source: 'disk', family: 'keras', title: 'grey' });
  expect(labels).toEqual(['Cat', 'Big dog']);
  expect(model.input).toMatchObject({ size: 9, mean: [0.5, 0.5, 0.5], crop: 1 });
  writeFileSync(
    path.join(inner, 'preprocessor_config.json'),
    JSON.stringify({ image_mean: [0, 0, 0], image_std: [1, 1, 1], size: 9, crop_size: 9 }),
  );
  expect((await describeModel(inner, { modelsFolder: '' })).model.input).toMatchObject({ size: 9, mean: [0, 0, 0], std: [1, 1, 1] });
});
