import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createEngine, type TensorData } from '../../../../src/core/engine';
import { dropoutKey } from '../../../../src/core/engine/ops';
import { presetRules } from '../../../../src/core/methods';
import { buildModel, setDropout } from '../../../../src/core/models';
import type { KerasLayer } from '../../../../src/core/models/keras';
import { dropoutUnder, forwardAll, type Module, type Scope } from '../../../../src/core/nn';
import { select } from '../../../../src/core/training/selection';

/** Layers one after another over pictures [4, 4, 3]. */
function modelOf(layers: readonly (readonly [type: string, config: Record<string, unknown>])[]) {
  const picture: KerasLayer = { name: 'picture', type: 'InputLayer', config: { shape: [4, 4, 3] }, calls: [[]] };
  const all = layers.map(
    ([type, config], i): KerasLayer => ({ name: `l${i}`, type, config, calls: [[i === 0 ? 'picture' : `l${i - 1}`]] }),
  );
  return buildModel({
    architecture: 'keras',
    classes: 2,
    input: {},
    keras: { name: 'm', layers: [picture, ...all], output: `l${layers.length - 1}` },
  });
}

/** What modules make of 8 pictures of ones, [8, 3, 4, 4]. */
async function given(modules: readonly Module[], training: boolean): Promise<number[]> {
  const engine = await createEngine('onnx', { threads: 1 });
  const program = await engine.compile(
    ({ inputs }) => {
      const scope: Scope = {
        tensor: (name) => {
          throw new Error(name);
        },
        learns: () => false,
        training,
        dropout: dropoutUnder(inputs.key as Tensor),
        update: () => {},
      };
      return { outputs: { y: forwardAll(modules, inputs.x as Tensor, scope) } };
    },
    {
      state: new Map(),
      constants: new Map(),
      inputs: { x: { dtype: 'float32', shape: [8, 3, 4, 4] }, key: { dtype: 'int32', shape: [2] } },
    },
  );
  const { y } = await program.run({ x: new Float32Array(8 * 48).fill(1), key: dropoutKey(1, 1) });
  await program.dispose();
  await engine.dispose();
  return [...(y as TensorData).data];
}

const rest = [['Flatten', {}], ['Dense', { units: 2 }]] as const; // biome-ignore format: a list

describe('Keras’s dropout', () => {
  it('drops single values, whole maps, or what its noise shape says, and only in training', async () => {
    const kinds = [
      ['Dropout', { rate: 0.5 }],
      ['SpatialDropout2D', { rate: 0.5 }],
      ['Dropout', { rate: 0.5, noise_shape: [null, 1, 1, null] }],
      ['Dropout', { rate: 0.5, noise_shape: [null, null, null, 1] }],
      ['StochasticDepth', { drop_path_rate: 0.5 }],
    ] as const;
    const groups = {
      maps: (i: number) => Math.floor(i / 16),
      pictures: (i: number) => Math.floor(i / 48),
      places: (i: number) => Math.floor(i / 48) * 16 + (i % 16),
    };
    const together = async (layer: readonly [string, Record<string, unknown>], group: (i: number) => number) => {
      const { chain } = modelOf([layer, ...rest]);
      const values = await given(chain.slice(0, 1), true);
      expect([...new Set(values)].sort()).toEqual([0, 2]);
      expect(await given(chain.slice(0, 1), false)).toEqual(values.map(() => 1));
      return values.every((value, i) => value === values[values.findIndex((_, j) => group(j) === group(i))]);
    };
    expect(await Promise.all(kinds.map((kind) => together(kind, groups.maps)))).toEqual([false, true, true, false, true]);
    expect(await Promise.all(kinds.map((kind) => together(kind, groups.places)))).toEqual([false, false, false, true, true]);
    expect(await Promise.all(kinds.map((kind) => together(kind, groups.pictures)))).toEqual([false, false, false, false, true]);
  });

  it("takes a run's rate in the place of its own, but where whole blocks drop", async () => {
    const layers = [
      ['Dropout', { rate: 0.5 }],
      ['SpatialDropout2D', { rate: 0.5 }],
      ['StochasticDepth', { drop_path_rate: 0.5 }],
    ] as const;
    const valuesAt = async (rate: number | 'model') => {
      const model = modelOf([...layers, ...rest]);
      setDropout(model, rate);
      return Promise.all([0, 1, 2].map((i) => given(model.chain.slice(i, i + 1), true)));
    };
    const [own, at0, at75] = [await valuesAt('model'), await valuesAt(0), await valuesAt(0.75)];
    const largest = (all: number[][]) => all.map((values) => Math.max(...values));
    expect([largest(own), largest(at0), largest(at75)]).toEqual([
      [2, 2, 2],
      [1, 1, 2],
      [4, 4, 2],
    ]);
    expect(new Set(at0[0])).toEqual(new Set([1]));
    expect(at0[2]).toEqual(own[2]);
  });

  it('before the head is learned with it; nothing is said to be silent', () => {
    const convolution = ['Conv2D', { filters: 2, kernel_size: [1, 1] }] as const;
    const model = modelOf([convolution, ['Dropout', { rate: 0.1 }], ['Flatten', {}], ['Dropout', { rate: 0.5 }], ['Dense', { units: 2 }]]);
    expect(model.silent).toEqual([]);
    expect(select(model, presetRules(model, 'head')).cut).toBe(1);
    const none = modelOf([convolution, ['Dropout', { rate: 0 }], ...rest]);
    expect(select(none, presetRules(none, 'head')).cut).toBe(none.chain.length - 1);
    expect(modelOf([['GaussianDropout', { rate: 0.1 }], ...rest]).silent).toHaveLength(1);
  });
});
