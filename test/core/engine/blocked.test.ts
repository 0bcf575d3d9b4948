import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { TensorData, Tensors } from '../../../src/core/engine';
import { record } from '../../../src/core/engine/onnx/recorder';
import {
  addBias,
  batchNorm,
  batchNormTraining,
  conv2d,
  globalAveragePool,
  linear,
  maxPool2d,
  relu,
  relu6,
  valueAndGradients,
} from '../../../src/core/engine/ops';
import { engine, evaluate, type Given, gradientError, layouts, random, tensor } from './helpers';

type F = (given: Given) => Record<string, Tensor>;
const of = (given: Given, name: string) => given[name] as Tensor;

/** f's results, and the gradients of Σ over all of them, each weighed by random numbers. */
function withGradients(f: F, names: readonly string[]): F {
  return (given) => {
    const parameters = Object.fromEntries(names.map((name) => [name, of(given, name)]));
    const { aux, gradients } = valueAndGradients((learned) => {
      const results = f({ ...given, ...learned } as Given);
      const terms = Object.values(results).map((y) => y.mul(of(given, `direction${y.shape}`)).sum());
      return { loss: terms.reduce((sum, term) => sum.add(term)), aux: results };
    }, parameters);
    return { ...aux, ...Object.fromEntries(names.map((name) => [`gradient of ${name}`, of(gradients as Given, name)])) };
  };
}

/** Largest difference between the two layouts over values and gradients, relative to each tensor's largest entry. */
async function difference(f: F, given: Record<string, TensorData>, learned = Object.keys(given)): Promise<number> {
  const plain = await evaluate(f, given, 'portable');
  const directions = Object.values(plain).map(({ shape }) => [`direction${shape}`, random(shape, 'direction')] as const);
  const all = { ...given, ...Object.fromEntries(directions) };
  const [expected, actual] = await Promise.all(layouts.map((layout) => evaluate(withGradients(f, learned), all, layout)));
  let worst = 0;
  for (const [name, { data, shape }] of Object.entries(expected as Record<string, TensorData>)) {
    const other = actual?.[name] as TensorData;
    expect(other.shape, name).toEqual(shape);
    const scale = Math.max(1e-6, ...data.map(Math.abs));
    data.forEach((value, i) => {
      const error = Math.abs(value - (other.data[i] as number)) / scale;
      worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    });
  }
  return worst;
}

describe('in blocks as row-major', () => {
  const pointwise = [1, 2, 16].flatMap((n) =>
    [
      [16, 32],
      [8, 24],
      [40, 16],
      [3, 5],
    ].flatMap(([inputs, outputs]) =>
      [
        [1, 1],
        [3, 5],
        [8, 4],
      ].map(([height, width]) => ({ n, inputs, outputs, height, width })),
    ),
  );
  it.each(pointwise)('1×1 convolution $n×$inputs×$height×$width → $outputs', async ({ n, inputs, outputs, height, width }) => {
    const given = {
      x: random([n, inputs, height, width] as number[], 'x'),
      filter: random([outputs, inputs, 1, 1] as number[], 'filter'),
    };
    expect(await difference((t) => ({ y: conv2d(of(t, 'x'), of(t, 'filter'), { padding: 0 }) }), given)).toBeLessThan(1e-5);
  });

  const depthwise = [[1, 1] as const, [3, 3] as const, [5, 5] as const, [2, 3] as const].flatMap((size) =>
    ([1, 2, [2, 1], 3] as const).flatMap((strides) =>
      (['same', 0, 1, 2, { top: 0, left: 1, bottom: 2, right: 0 }] as const).flatMap((padding) =>
        (
          [
            [7, 6],
            [8, 9],
            [5, 5],
          ] as const
        ).map(([height, width]) => ({ size, strides, padding, height, width })),
      ),
    ),
  );
  it.each(depthwise)('depthwise $size / $strides, padding $padding, $height×$width', async ({ size, strides, padding, height, width }) => {
    const channels = 20;
    const given = { x: random([3, channels, height, width], 'x'), filter: random([channels, 1, ...size], 'filter') };
    const f: F = (t) => ({ y: conv2d(of(t, 'x'), of(t, 'filter'), { strides, padding, groups: channels }) });
    expect(await difference(f, given)).toBeLessThan(1e-5);
  });

  const dense = [
    [1, 20, 16],
    [3, 16, 40],
  ].flatMap(([n, channels, outputs]) =>
    (
      [
        [3, 3],
        [2, 3],
        [5, 5],
      ] as const
    ).flatMap((size) =>
      ([1, 2, [2, 1]] as const).flatMap((strides) =>
        (['same', 0, 1, { top: 0, left: 1, bottom: 2, right: 0 }] as const).map((padding) => ({
          n,
          channels,
          outputs,
          size,
          strides,
          padding,
        })),
      ),
    ),
  );
  it.each(dense)('$n×$channels → $outputs, $size / $strides, padding $padding', async (c) => {
    const given = {
      x: random([c.n as number, c.channels as number, 7, 8], 'x'),
      filter: random([c.outputs as number, c.channels as number, ...c.size], 'filter'),
    };
    const f: F = (t) => ({ y: conv2d(of(t, 'x'), of(t, 'filter'), { strides: c.strides, padding: c.padding }) });
    expect(await difference(f, given)).toBeLessThan(1e-5);
  });

  const stems = [
    [3, 16],
    [3, 20],
    [5, 40],
    [1, 4],
  ].flatMap(([channels, outputs]) =>
    ([1, 2] as const).flatMap((strides) =>
      (['same', 1, 0, { top: 0, left: 1, bottom: 2, right: 0 }] as const).flatMap((padding) =>
        (
          [
            [8, 8],
            [9, 7],
          ] as const
        ).map(([height, width]) => ({ channels, outputs, strides, padding, height, width })),
      ),
    ),
  );
  it.each(stems)('first convolution $channels×$height×$width → $outputs, 3×3 / $strides, padding $padding', async (c) => {
    const given = {
      x: random([2, c.channels as number, c.height, c.width], 'x'),
      filter: random([c.outputs as number, c.channels as number, 3, 3], 'filter'),
    };
    const f: F = (t) => ({ y: relu6(conv2d(of(t, 'x'), of(t, 'filter'), { strides: c.strides, padding: c.padding })) });
    expect(await difference(f, given)).toBeLessThan(1e-5);
  });

  it.each([1, 2])('a batch norm after the first convolution, %i examples', async (n) => {
    const given = { x: random([n, 1, 6, 5], 'x'), filter: random([3, 1, 3, 3], 'filter'), one: random([3], 'one', 0.1, 1) };
    const f: F = (t) => ({
      ...batchNormTraining(conv2d(of(t, 'x'), of(t, 'filter'), { padding: 1 }), {
        scale: of(t, 'one'),
        offset: of(t, 'one'),
        epsilon: 1e-3,
      }),
    });
    expect(await difference(f, given)).toBeLessThan(1e-5);
  });

  /** 1×1, then what is to be seen in blocks. */
  const after =
    (f: (x: Tensor, t: Given) => Record<string, Tensor>): F =>
    (t) =>
      f(conv2d(of(t, 'x'), of(t, 'filter'), { padding: 0 }), t);
  const maps = (n: number, height: number, width: number) => ({
    x: random([n, 12, height, width], 'x'),
    filter: random([20, 12, 1, 1], 'filter', 0.5),
    scale: random([20], 'scale', 0.3, 1),
    offset: random([20], 'offset', 1, 2),
  });
  const sizes = [
    [1, 2, 1],
    [2, 3, 5],
    [16, 12, 11],
  ] as const;
  describe.each(sizes)('%i×20×%i×%i', (n, height, width) => {
    const given = maps(n, height, width);
    const mean = random([20], 'mean', 1, 2);
    const variance = tensor(
      [20],
      random([20], 'variance').data.map((v) => 0.5 + v * v),
    );
    const trained = (x: Tensor, t: Given) => batchNormTraining(x, { scale: of(t, 'scale'), offset: of(t, 'offset'), epsilon: 1e-3 });
    const frozen = (x: Tensor, t: Given) =>
      batchNorm(x, { scale: of(t, 'scale'), offset: of(t, 'offset'), mean: of(t, 'mean'), variance: of(t, 'variance'), epsilon: 1e-3 });

    it('batch norm, its statistics learned from too', async () => {
      expect(
        await difference(
          after((x, t) => ({ ...trained(x, t) })),
          given,
        ),
      ).toBeLessThan(1e-4);
    });
    it.each([relu, relu6])('batch norm and %o', async (activate) => {
      expect(
        await difference(
          after((x, t) => ({ y: activate(trained(x, t).y) })),
          given,
        ),
      ).toBeLessThan(1e-4);
    });
    it('batch norm in inference form, learned and not', async () => {
      const all = { ...given, mean, variance };
      for (const learned of [
        ['x', 'filter'],
        ['x', 'filter', 'scale', 'offset'],
      ])
        expect(
          await difference(
            after((x, t) => ({ y: relu6(frozen(x, t)) })),
            all,
            learned,
          ),
        ).toBeLessThan(1e-5);
    });
    it('a depthwise convolution and batch norm in inference form', async () => {
      const all = { ...given, mean, variance, depthwise: random([20, 1, 3, 3], 'depthwise') };
      const f = after((x, t) => ({ y: relu6(frozen(conv2d(x, of(t, 'depthwise'), { padding: 1, groups: 20 }), t)) }));
      expect(await difference(f, all, ['x', 'filter', 'depthwise'])).toBeLessThan(1e-5);
    });
    it('sums, with what is and what is not in blocks, used again or not', async () => {
      const all = { ...given, other: random([n, 20, height, width], 'other'), second: random([20, 12, 1, 1], 'second') };
      const f = after((y, t) => {
        const z = conv2d(of(t, 'x'), of(t, 'second'), { padding: 0 });
        return { a: y.add(z), b: relu(y.add(of(t, 'other'))), c: y.add(y), d: z.mul(2).add(1) };
      });
      expect(await difference(f, all)).toBeLessThan(1e-5);
    });
    it('bias, pools, row-major ops', async () => {
      const f = after((x, t) => {
        const y = relu6(addBias(x, of(t, 'offset')));
        return {
          y,
          pooled: globalAveragePool(y),
          most: maxPool2d(y, { size: 2, strides: 1, padding: 1 }),
          turned: y.transpose([0, 2, 3, 1]),
        };
      });
      expect(await difference(f, given)).toBeLessThan(1e-5);
    });
  });

  it('gradient 0 at both corners of relu6', async () => {
    const corners = [-1, -1e-7, -0, 0, 1e-12, 3, 6 - 2 ** -21, 6, 6 + 1e-6, 100];
    const given = { x: tensor([1, 1, 1, corners.length], corners), filter: tensor([1, 1, 1, 1], [1]) };
    const f: F = (t) => ({ y: relu6(conv2d(of(t, 'x'), of(t, 'filter'), { padding: 0 })) });
    for (const layout of layouts) {
      const slopes = await evaluate(
        (t) => withGradients(f, ['x'])({ ...t, 'direction1,1,1,10': t.ones as Tensor }),
        { ...given, ones: tensor([1, 1, 1, 10], Array(10).fill(1)) },
        layout,
      );
      expect([...(slopes['gradient of x']?.data ?? [])], layout).toEqual([0, 0, 0, 0, 1, 1, 1, 0, 0, 0]);
    }
  });

  it('has the gradients that finite differences show', async () => {
    const { x, filter, scale, offset } = maps(3, 5, 4);
    const given = {
      x,
      filter,
      scale,
      offset,
      depthwise: random([20, 1, 3, 3], 'depthwise', 0.3),
      back: random([12, 20, 1, 1], 'back', 0.2),
    };
    const f = (t: Given) => {
      const wide = conv2d(of(t, 'x'), of(t, 'filter'), { padding: 0 });
      const normal = batchNormTraining(wide, { scale: of(t, 'scale'), offset: of(t, 'offset'), epsilon: 1e-3 }).y;
      const spread = conv2d(normal, of(t, 'depthwise'), { padding: 'same', groups: 20 });
      return conv2d(spread, of(t, 'back'), { padding: 0 }).add(of(t, 'x'));
    };
    expect(await gradientError(f, given, { layout: 'blocked' })).toBeLessThan(3e-3);
  });
});

describe('a small network', () => {
  const shapes = {
    stem: [16, 3, 3, 3],
    expand: [48, 16, 1, 1],
    depthwise: [48, 1, 3, 3],
    project: [16, 48, 1, 1],
    head: [4, 16],
    ...Object.fromEntries(
      ['16', '48', '48b', '16b'].flatMap((name) => ['scale', 'offset'].map((kind) => [kind + name, [Number.parseInt(name, 10)]])),
    ),
  };
  const state = new Map(Object.entries(shapes).map(([name, shape]) => [name, random(shape, name, 0.3, name.startsWith('scale') ? 1 : 0)]));
  const image = random([4, 3, 16, 16], 'image');
  const norm = (x: Tensor, p: Tensors, name: string) =>
    batchNormTraining(x, { scale: p[`scale${name}`] as Tensor, offset: p[`offset${name}`] as Tensor, epsilon: 1e-5 }).y;
  const forward = (x: Tensor, p: Tensors) => {
    const of = (name: string) => p[name] as Tensor;
    const stem = relu6(norm(conv2d(x, of('stem'), { strides: 2, padding: 'same' }), p, '16'));
    const wide = relu6(norm(conv2d(stem, of('expand'), { padding: 0 }), p, '48'));
    const spread = relu6(norm(conv2d(wide, of('depthwise'), { padding: 1, groups: 48 }), p, '48b'));
    return linear(globalAveragePool(norm(conv2d(spread, of('project'), { padding: 0 }), p, '16b').add(stem)), of('head'));
  };
  const step = ({ state, inputs }: { state: Tensors; inputs: Tensors }) => {
    const { loss, gradients } = valueAndGradients(
      (p) => ({
        loss: forward(inputs.x as Tensor, p)
          .square()
          .mean(),
        aux: {},
      }),
      state,
    );
    const next = Object.entries(gradients).map(([name, gradient]) => [name, (state[name] as Tensor).sub(gradient.mul(0.1))]);
    return { outputs: { loss }, state: Object.fromEntries(next) as Tensors };
  };
  const spec = { state, constants: new Map(), inputs: { x: image } };

  it('learns the same in both layouts, and the same bytes twice', async () => {
    const trained = async (layout: 'portable' | 'blocked') => {
      const program = await (await engine(layout)).compile(step, spec);
      const losses: number[] = [];
      for (let i = 0; i < 5; i++) losses.push((await program.run({ x: image.data })).loss?.data[0] as number);
      const after = program.read();
      await program.dispose();
      return { losses, after };
    };
    const [plain, blocked, again] = [await trained('portable'), await trained('blocked'), await trained('blocked')];
    for (const [i, loss] of plain.losses.entries()) expect((blocked.losses[i] as number) / loss).toBeCloseTo(1, 4);
    expect(blocked.losses[4]).toBeLessThan(blocked.losses[0] as number);
    expect(again).toEqual(blocked);
  });

  it('stays in blocks from its first layer to its head', () => {
    const { graph } = record(step, spec, { block: 16, always: false });
    const used = new Set(graph.recorded.flatMap(({ inputs }) => inputs));
    const maps = graph.recorded.filter(
      ({ operator, outputs }) => operator.endsWith('ReorderOutput') && outputs.some((name) => used.has(name)),
    );
    expect(graph.recorded.some(({ operator }) => operator === 'com.microsoft.nchwc.Conv')).toBe(true);
    expect(maps.length).toBeLessThanOrEqual(9);
  });

  it('leaves what is constant to the optimiser of onnxruntime', () => {
    const frozen = { state: new Map(), constants: state, inputs: { x: image } };
    const { graph } = record(({ constants, inputs }) => ({ outputs: { y: forward(inputs.x as Tensor, constants) } }), frozen, {
      block: 16,
      always: false,
    });
    expect(graph.recorded.filter(({ operator }) => operator.includes('.'))).toEqual([]);
  });
});
