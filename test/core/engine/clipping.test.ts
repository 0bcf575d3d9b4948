import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { TensorData, Tensors } from '../../../src/core/engine';
import {
  addGradients,
  clipByGlobalNorm,
  linear,
  meanGradients,
  softmaxCrossEntropy,
  tf,
  valueAndGradients,
} from '../../../src/core/engine/ops';
import { engine, evaluate, integers, random, tensor } from './helpers';

const clipped = (given: Record<string, TensorData>, maxNorm: number) =>
  evaluate((gradients) => {
    const { gradients: after, norm } = clipByGlobalNorm(gradients, maxNorm);
    return { ...after, norm } as Record<string, Tensor>;
  }, given);

it('gradients are clipped as PyTorch’s clip_grad_norm_ clips them', async () => {
  const given = { a: tensor([2, 2], [1, -2, 3, -4]), b: tensor([3], [0.5, 0, -6]) };
  const near = (found: TensorData | undefined, expected: number[]) =>
    expected.forEach((value, i) => void expect(found?.data[i]).toBeCloseTo(value, 6));
  const small = await clipped(given, 1);
  near(small.norm, [8.139410018920898]);
  near(small.a, [0.12285901606082916, -0.24571803212165833, 0.3685770630836487, -0.49143606424331665]);
  near(small.b, [0.06142950803041458, 0, -0.7371541261672974]);
  const large = await clipped(given, 100);
  expect([large.a?.data, large.b?.data]).toEqual([given.a.data, given.b.data]);
});

it('the norm is that of all tensors, joined or not, and afterwards no larger than asked', async () => {
  const given = { weight: random([30, 40], 'w', 3), bias: random([40], 'b'), table: random([70, 1000], 't', 0.1) };
  const norm = (tensors: Record<string, TensorData>) =>
    Math.hypot(...Object.keys(given).map((name) => Math.hypot(...(tensors[name] as TensorData).data)));
  const before = norm(given);
  for (const maxNorm of [before / 50, before * 2]) {
    const after = await clipped(given, maxNorm);
    expect((after.norm?.data[0] as number) / before).toBeCloseTo(1, 5);
    expect(norm(after) / Math.min(before, maxNorm)).toBeCloseTo(1, 5);
    const kept = norm(after) / before;
    for (const [name, { data }] of Object.entries(given))
      data.forEach((value, i) => void (i % 997 === 0 && expect(after[name]?.data[i]).toBeCloseTo(value * kept, 5)));
  }
});

it('gradients of nothing stay nothing, and zeros stay zeros', async () => {
  expect((await clipped({}, 1)).norm?.data[0]).toBe(0);
  const zeros = await clipped({ a: tensor([3], [0, 0, 0]) }, 1);
  expect([...(zeros.a?.data ?? [])]).toEqual([0, 0, 0]);
});

it('two batches of 8 with other weights make the update of one of 16', async () => {
  const [size, width, classes] = [16, 5, 3];
  const x = random([size, width], 'x');
  const labels = integers(
    [size],
    Array.from({ length: size }, (_, i) => (i * i) % classes),
  );
  // some don't count: the halves have 7 and 3, so a mean of means would be another
  const weights = tensor(
    [size],
    Array.from({ length: size }, (_, i) => (i < 8 ? Number(i !== 3) : Number(i % 3 === 0))),
  );
  const state = new Map([
    ['weight', random([classes, width], 'weight')],
    ['bias', random([classes], 'bias')],
  ]);
  const names = [...state.keys()];
  const gradientsOf = (state: Tensors, inputs: Tensors) => {
    const parameters = Object.fromEntries(names.map((name) => [name, state[name] as Tensor]));
    const loss = (p: Tensors) =>
      tf.sum(
        tf.mul(
          softmaxCrossEntropy(linear(inputs.x as Tensor, p.weight as Tensor, p.bias as Tensor), inputs.labels as Tensor, 0),
          inputs.weights as Tensor,
        ),
      );
    return valueAndGradients((p) => ({ loss: loss(p), aux: {} }), parameters).gradients;
  };
  const fed = (rows: number) =>
    ({
      x: { dtype: 'float32', shape: [rows, width] },
      labels: { dtype: 'int32', shape: [rows] },
      weights: { dtype: 'float32', shape: [rows] },
    }) as const;
  const compiler = await engine();
  const whole = await compiler.compile(({ state, inputs }) => ({ outputs: gradientsOf(state, inputs) }), {
    state,
    constants: new Map(),
    inputs: fed(16),
  });
  const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
  const expected = await whole.run({ x: x.data, labels: labels.data, weights: weights.data.map((w) => w / sum(weights.data)) });

  const sums = new Map([...state].map(([name, { shape, data }]) => [`sum:${name}`, tensor(shape, new Float32Array(data.length))]));
  const own = (state: Tensors) => Object.fromEntries(names.map((name) => [name, state[`sum:${name}`] as Tensor]));
  const renamed = (values: Tensors) => Object.fromEntries(names.map((name) => [`sum:${name}`, values[name] as Tensor]));
  const both = new Map([...state, ...sums]);
  const adding = await compiler.compile(({ state, inputs }) => ({ outputs: {}, state: renamed(addGradients(own(state), gradientsOf(state, inputs))) }), { state: both, constants: new Map(), inputs: fed(8) }); // biome-ignore format: one line
  const applying = await compiler.compile(
    ({ state, inputs }) => {
      const { gradients, sums } = meanGradients(own(state), inputs.weight as Tensor);
      return { outputs: gradients, state: renamed(sums) };
    },
    { state: both, constants: new Map(), inputs: { weight: { dtype: 'float32', shape: [] } }, sharing: adding },
  );
  const rows = (from: number) => ({ x: x.data.slice(from * width, (from + 8) * width), labels: labels.data.slice(from, from + 8), weights: weights.data.slice(from, from + 8) }); // biome-ignore format: one line
  for (let time = 0; time < 2; time++) {
    for (const from of [0, 8]) await adding.run(rows(from));
    const found = await applying.run({ weight: Float32Array.of(sum(weights.data)) });
    for (const name of names) {
      const [a, b] = [found[name]?.data as Float32Array, expected[name]?.data as Float32Array];
      a.forEach((value, i) => void expect(Math.abs(value - (b[i] as number))).toBeLessThan(1e-6));
    }
  }
  for (const program of [applying, adding, whole]) await program.dispose();
});
