import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine, type NamedTensors } from '../../../../src/core/engine';
import type { ImageModel } from '../../../../src/core/models';
import { loadModel } from '../../../../src/core/weights';
import { distance, logitsOf } from '../../models/compute';
import { wave } from '../../models/fixtures';
import { expected, kerasFixtures, planar } from '../../models/keras/fixtures';

const tolerance = 1e-4;
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine('onnx', { threads: 1 });
});
afterAll(() => engine.dispose());

const load = (name: string) => loadModel(path.join(kerasFixtures, name), { seed: 0, modelsFolder: '' });

async function logits({ model, tensors }: { model: Pick<ImageModel, 'chain'>; tensors: NamedTensors }, side: number, data: Float32Array) {
  const shape = [2, data.length / (2 * side * side), side, side];
  return (await logitsOf(engine, model, tensors, data, shape)).data;
}

const { size } = expected;
const pictures = (side: number) => planar(wave([2, side, side, 3]), [2, side, side, 3]);
/** 0 … 255 */
const pixels = (side: number) => pictures(side).map((value) => 127.5 * value + 127.5);

describe('logits are Keras’s within 1e-4', () => {
  it.each(['everything.keras', 'everything.h5', 'everything_tfjs', 'everything_tfjs/model.json'])(
    '%s: every kind of layer',
    async (name) => {
      const loaded = await load(name);
      expect(distance(await logits(loaded, size, pictures(size)), expected.everything.flat())).toBeLessThan(tolerance);
      expect(loaded.model).toMatchObject({ classes: 3, head: 'top.answer', title: 'everything' });
      expect([...loaded.tensors.keys()].slice(0, 3)).toEqual(['stem_conv.kernel', 'stem_conv.bias', 'stem_bn.beta']);
    },
  );

  it.each(['uint8', 'uint16', 'float16'] as const)('weights quantized to %s', async (kind) => {
    const found = await logits(await load(`everything_${kind}`), size, pictures(size));
    expect(distance(found, expected[`everything_${kind}`].flat())).toBeLessThan(tolerance);
    expect(distance(found, expected.everything.flat())).toBeGreaterThan(0);
  });

  it('every activation, arithmetic between layers, a scale for each channel', async () => {
    const loaded = await load('activations.keras');
    expect(loaded.model.input).toMatchObject({ mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] });
    expect(distance(await logits(loaded, 4, pictures(4)), expected.activations.flat())).toBeLessThan(tolerance);
  });

  it('scales by channel, means and variances in the configuration', async () => {
    const loaded = await load('scales.keras');
    expect(loaded.model.input.mean).toEqual([0, 0, 0]);
    expect(loaded.model.blocks).toEqual(['block1_conv']);
    expect(distance(await logits(loaded, 6, pictures(6)), expected.scales.flat())).toBeLessThan(tolerance);
  });

  it('channels first', async () => {
    expect(distance(await logits(await load('channels_first.keras'), 7, wave([2, 3, 7, 7])), expected.channels_first.flat())).toBeLessThan(
      tolerance,
    );
  });

  it('Keras 2: a model inside, TFOpLambda, the old hard sigmoid', async () => {
    const loaded = await load('keras2.h5');
    expect(loaded.model.title).toBe('old');
    expect(loaded.model.input.std).toEqual([1 / 255, 1 / 255, 1 / 255]);
    expect(distance(await logits(loaded, 8, pixels(8)), expected.keras2.flat())).toBeLessThan(tolerance);
  });

  it('one channel, and a sigmoid between two classes: logits 0 and z', async () => {
    const loaded = await load('grey.keras');
    expect(loaded.model.classes).toBe(2);
    const grey = wave([2, 1, 9, 9]); // [N, 9, 9, 1] is the same
    const coloured = Float32Array.from({ length: 2 * 3 * 81 }, (_, i) => grey[Math.floor(i / 243) * 81 + (i % 81)] as number);
    const found = await logits(loaded, 9, coloured);
    expect([found[0], found[2]]).toEqual([0, 0]);
    expect(distance([found[1] as number, found[3] as number], expected.grey.flat())).toBeLessThan(tolerance);
  });

  it('a model without its top, at any size, gets a pool and a classifier of its own', async () => {
    const loaded = await load('topless.keras');
    const { model, tensors } = loaded;
    expect(model).toMatchObject({
      classes: 2,
      head: 'classifier',
      input: { size: 224 },
      blocks: ['block1_conv', 'block2_conv', 'block3_conv'],
    });
    expect(tensors.get('classifier.kernel')?.shape).toEqual([2, 4]);
    const features = { model: { chain: model.chain.slice(0, -1) }, tensors };
    expect(distance(await logits(features, 10, pixels(10)), expected.topless.flat())).toBeLessThan(tolerance);
  });
});
