import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine';
import {
  attention,
  dropoutKey,
  dropoutMask,
  embedding,
  gelu,
  geluTanh,
  layerNorm,
  linear,
  rmsNorm,
  tf,
  valueAndGradients,
} from '../../../src/core/engine/ops';
import { engineName, evaluate, type Given, gradientError, integers, of, random, tensor } from './helpers';

describe('gelu', () => {
  const points = tensor([9], [-12, -3, -1, -1e-6, 0, 0.5, 1, 3, 12]);
  it('is x·Φ(x), and its approximation', async () => {
    const { exact, rough } = await evaluate((t) => ({ exact: gelu(of(t, 'points')), rough: geluTanh(of(t, 'points')) }), { points });
    // torch.nn.functional.gelu in float64
    const expected = [0, -0.00404969, -0.15865525, -5e-7, 0, 0.34573123, 0.84134475, 2.99595031, 12];
    const approximate = [0, -0.00363739, -0.15880801, -5e-7, 0, 0.345714, 0.84119199, 2.99636261, 12];
    expected.forEach((value, i) => {
      expect(exact?.data[i]).toBeCloseTo(value, 5);
    });
    approximate.forEach((value, i) => {
      expect(rough?.data[i]).toBeCloseTo(value, 5);
    });
  });
  it('has its gradient', async () => {
    const x = random([5, 7], 'x', 2);
    expect(await gradientError((t) => gelu(of(t, 'x')), { x })).toBeLessThan(2e-3);
    expect(await gradientError((t) => geluTanh(of(t, 'x')), { x })).toBeLessThan(2e-3);
  });
});

describe('norms over features', () => {
  const shapes = [
    [4, 5],
    [2, 3, 6],
    [160, 8],
    [2, 2, 2, 3],
  ];
  it.each(shapes)('gradients for [%i, %i …]', async (...shape) => {
    const features = shape.at(-1) as number;
    const given = { x: random(shape, 'x', 2, 1), scale: random([features], 'scale', 0.3, 1), offset: random([features], 'offset') };
    const norm = (t: Given) => layerNorm(of(t, 'x'), { scale: of(t, 'scale'), offset: of(t, 'offset'), epsilon: 1e-5 });
    expect(await gradientError(norm, given)).toBeLessThan(3e-3);
    const { x, scale } = given;
    expect(await gradientError((t) => rmsNorm(of(t, 'x'), { scale: of(t, 'scale'), epsilon: 1e-5 }), { x, scale })).toBeLessThan(3e-3);
  });
  it('keep their precision where the mean is large', async () => {
    const far = random([2, 64], 'far', 0.1, 1000);
    const [ones, zeros] = [1, 0].map((value) => tensor([64], Array(64).fill(value)));
    const { y } = await evaluate(
      (t) => ({ y: layerNorm(of(t, 'far'), { scale: of(t, 'ones'), offset: of(t, 'zeros'), epsilon: 1e-12 }) }),
      { far, ones: ones as never, zeros: zeros as never },
    );
    const row = [...far.data.slice(0, 64)];
    const mean = row.reduce((a, b) => a + b, 0) / 64;
    const deviation = Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / 64);
    row.forEach((value, i) => {
      expect(y?.data[i]).toBeCloseTo((value - mean) / deviation, 2);
    });
  });
});

describe('linear over the last axis', () => {
  it('of any rank, and its gradients', async () => {
    const given = { x: random([3, 2, 5], 'x'), weight: random([4, 5], 'weight'), bias: random([4], 'bias') };
    expect(await gradientError((t) => linear(of(t, 'x'), of(t, 'weight'), of(t, 'bias')), given)).toBeLessThan(2e-3);
  });
  it('adds up what several of them send back to one input', async () => {
    const given = { x: random([6, 5], 'x'), a: random([4, 5], 'a'), b: random([4, 5], 'b'), square: random([5, 5], 'square') };
    const f = (t: Given) => tf.add(tf.mul(linear(of(t, 'x'), of(t, 'a')), linear(of(t, 'x'), of(t, 'b'))), tf.sum(of(t, 'x')));
    expect(await gradientError(f, given, { only: ['x', 'a', 'b'] })).toBeLessThan(2e-3);
    const residual = (t: Given) => {
      const y = linear(of(t, 'x'), of(t, 'square'));
      return tf.add(tf.add(y, of(t, 'x')), y); // the product is taken twice
    };
    expect(await gradientError(residual, given, { only: ['x', 'square'] })).toBeLessThan(2e-3);
  });
});

describe('embedding', () => {
  const table = random([7, 3], 'table');
  it('adds up the gradients of rows that are named more than once', async () => {
    const ids = integers([2, 4], [0, 6, 6, 2, 6, 0, 5, 2]);
    expect(await gradientError((t) => embedding(of(t, 'table'), of(t, 'ids')), { table, ids }, { only: ['table'] })).toBeLessThan(1e-3);
  });
  it.each([7, -1])('refuses the id %i', async (id) => {
    await expect(
      evaluate((t) => ({ y: embedding(of(t, 'table'), of(t, 'ids')) }), { table, ids: integers([2], [0, id]) }),
    ).rejects.toMatchObject({ failure: { code: 'engine.failed' } });
  });
  it.skipIf(engineName === 'tensorflow')('adds in the same order each time, on several threads', async () => {
    const [rows, width] = [1024, 384];
    const given = {
      table: random([9, width], 'table'),
      ids: integers(
        [rows],
        Array.from({ length: rows }, (_, i) => (i * i) % 7),
      ),
    };
    const dy = random([rows, width], 'dy');
    const threads = await createEngine('onnx', { threads: 2 });
    const program = await threads.compile(
      ({ inputs }) => {
        const loss = (p: Readonly<Given>) => {
          const rowsOf = embedding(of(p, 'table'), inputs.ids as Tensor);
          return { loss: tf.sum(tf.mul(rowsOf, inputs.dy as Tensor)), aux: {} };
        };
        return { outputs: { d: valueAndGradients(loss, { table: inputs.table as Tensor }).gradients.table as Tensor } };
      },
      { state: new Map(), constants: new Map(), inputs: { ...given, dy } },
    );
    const run = async () => (await program.run({ table: given.table.data, ids: given.ids.data, dy: dy.data })).d?.data.slice();
    const first = await run();
    for (let i = 0; i < 10; i++) expect(await run()).toEqual(first);
    const exact = new Float64Array(9 * width);
    dy.data.forEach((value, i) => {
      const at = (given.ids.data[Math.floor(i / width)] as number) * width + (i % width);
      exact[at] = (exact[at] as number) + value;
    });
    exact.forEach((value, i) => {
      expect(first?.[i]).toBeCloseTo(value, 3);
    });
    await threads.dispose();
  });
});

describe('attention', () => {
  const heads = 2;
  const given = (queries: number, keys: number) => ({
    q: random([queries, 3, 8], 'q'),
    k: random([keys, 3, 8], 'k'),
    v: random([keys, 3, 8], 'v'),
  });
  const scale = 0.5;

  /** One head of one example, in double precision. */
  function expected({ q, k, v }: ReturnType<typeof given>, see: (query: number, key: number) => number) {
    const [queries, keys] = [q.shape[0] as number, k.shape[0] as number];
    const at = (x: typeof q, position: number, n: number, feature: number) => x.data[(position * 3 + n) * 8 + feature] as number;
    const result: number[] = [];
    for (let i = 0; i < queries; i++)
      for (let n = 0; n < 3; n++)
        for (let f = 0; f < 8; f++) {
          const first = f < 4 ? 0 : 4;
          const score = (j: number) => [0, 1, 2, 3].reduce((sum, d) => sum + at(q, i, n, first + d) * at(k, j, n, first + d), 0) * scale;
          const weights = Array.from({ length: keys }, (_, j) => Math.exp(score(j) + see(i, j)));
          const total = weights.reduce((a, b) => a + b, 0);
          result.push(weights.reduce((sum, weight, j) => sum + (weight / total) * at(v, j, n, f), 0));
        }
    return result;
  }

  it.each([
    [5, 5],
    [2, 5],
    [1, 4],
  ])('of %i queries to %i keys', async (queries, keys) => {
    const tensors = given(queries, keys);
    const { all, past } = await evaluate(
      (t) => ({
        all: attention(of(t, 'q'), of(t, 'k'), of(t, 'v'), { heads, scale }),
        past: attention(of(t, 'q'), of(t, 'k'), of(t, 'v'), { heads, scale, causal: true }),
      }),
      tensors,
    );
    expected(tensors, () => 0).forEach((value, i) => {
      expect(all?.data[i]).toBeCloseTo(value, 4);
    });
    const masked = expected(tensors, (i, j) => (j <= i + keys - queries ? 0 : Number.NEGATIVE_INFINITY));
    masked.forEach((value, i) => {
      expect(past?.data[i]).toBeCloseTo(value, 4);
    });
    expect(await gradientError((t) => attention(of(t, 'q'), of(t, 'k'), of(t, 'v'), { heads, scale }), tensors)).toBeLessThan(3e-3);
    const causal = (t: Given) => attention(of(t, 'q'), of(t, 'k'), of(t, 'v'), { heads, scale, causal: true });
    expect(await gradientError(causal, tensors)).toBeLessThan(3e-3);
  });

  it.each([
    [3, 1, 1, 5],
    [1, 2, 4, 5],
    [3, 2, 4, 5],
    [1, 1, 1, 5],
  ])('with a bias [%i, %i, %i, %i] that learns', async (...shape) => {
    const tensors = { ...given(4, 5), bias: random(shape, 'bias') };
    const biased = (t: Given) => attention(of(t, 'q'), of(t, 'k'), of(t, 'v'), { bias: of(t, 'bias'), heads, scale });
    expect(await gradientError(biased, tensors)).toBeLessThan(3e-3);
  });

  it.each([false, true])('of which dropout leaves out a share (with a bias: %s)', async (hasBias) => {
    const tensors = { ...given(4, 5), ...(hasBias && { bias: random([1, 2, 4, 5], 'bias') }), key: integers([2], dropoutKey(1, 1)) };
    const mask = (t: Given) => dropoutMask([3, heads, 4, 5], { name: 'attention', rate: 0.3, key: of(t, 'key') });
    const thinned = (t: Given) =>
      attention(of(t, 'q'), of(t, 'k'), of(t, 'v'), { ...(hasBias && { bias: of(t, 'bias') }), kept: mask(t), heads, scale });
    /** The same of other ops: [T, N, heads·d] → [N, heads, T, d] */
    const split = (x: Tensor) => tf.transpose(tf.reshape(x, [x.shape[0] as number, 3, heads, 4]), [1, 2, 0, 3]);
    const composed = (t: Given) => {
      const products = tf.mul(tf.matMul(split(of(t, 'q')), split(of(t, 'k')), false, true), scale);
      const seen = tf.mul(tf.softmax(hasBias ? tf.add(products, of(t, 'bias')) : products), mask(t));
      return tf.reshape(tf.transpose(tf.matMul(seen, split(of(t, 'v'))), [2, 0, 1, 3]), [4, 3, 8]);
    };
    const { one, other, kept } = await evaluate((t) => ({ one: thinned(t), other: composed(t), kept: mask(t) }), tensors);
    expect(new Set(kept?.data).size).toBe(2);
    one?.data.forEach((value, i) => {
      expect(value).toBeCloseTo(other?.data[i] as number, 5);
    });
    expect(await gradientError(thinned, tensors)).toBeLessThan(3e-3);
  });

  it('refuses shapes that do not fit', () => {
    const t = (...shape: number[]) => ({ shape, rank: shape.length }) as unknown as Tensor;
    expect(() => attention(t(5, 3, 8), t(5, 2, 8), t(5, 2, 8), { heads, scale })).toThrow(/attention/);
    expect(() => attention(t(5, 3, 9), t(5, 3, 9), t(5, 3, 9), { heads, scale })).toThrow(/2 heads/);
    expect(() => attention(t(5, 3, 8), t(4, 3, 8), t(4, 3, 8), { bias: t(1, 1, 1, 5), heads, scale })).toThrow(/bias/);
    expect(() => attention(t(5, 3, 8), t(4, 3, 8), t(4, 3, 8), { kept: t(3, 2, 5, 5), heads, scale })).toThrow(/kept/);
  });
});
