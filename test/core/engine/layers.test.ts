import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  addBias,
  averagePool2d,
  batchNorm,
  batchNormTraining,
  globalAveragePool,
  hardSigmoid,
  hardSwish,
  linear,
  maxPool2d,
  relu,
  relu6,
  sigmoid,
  silu,
  softmax,
  softmaxCrossEntropy,
  valueAndGradients,
} from '../../../src/core/engine/ops';
import { evaluate, type Given, gradientError, integers, of, random, tensor } from './helpers';

describe('activations', () => {
  const corners = tensor([9], [-7, -3, -1, -1e-6, 0, 1e-6, 3, 6, 6.5]);
  const logistic = (x: number) => 1 / (1 + Math.exp(-x));
  const six = (x: number) => Math.min(Math.max(x, 0), 6);
  /** Value and slope in double precision; at a corner, the slope that PyTorch gives. */
  const cases: [string, (x: Tensor) => Tensor, (x: number) => number, (x: number) => number][] = [
    ['relu', relu, (x) => Math.max(x, 0), (x) => (x > 0 ? 1 : 0)],
    ['relu6', relu6, six, (x) => (x > 0 && x < 6 ? 1 : 0)],
    ['sigmoid', sigmoid, logistic, (x) => logistic(x) * (1 - logistic(x))],
    ['silu', silu, (x) => x * logistic(x), (x) => logistic(x) * (1 + x * (1 - logistic(x)))],
    ['hardSigmoid', hardSigmoid, (x) => six(x + 3) / 6, (x) => (x > -3 && x < 3 ? 1 / 6 : 0)],
    ['hardSwish', hardSwish, (x) => (x * six(x + 3)) / 6, (x) => (x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1)],
  ];
  it.each(cases)('%s and its gradient, corners included', async (_, f, value, slope) => {
    const result = await evaluate(
      ({ x }) => {
        const { gradients, aux } = valueAndGradients(
          (p) => {
            const y = f(of(p, 'x'));
            return { loss: y.sum(), aux: { y } };
          },
          { x: x as Tensor },
        );
        return { y: aux.y as Tensor, dx: gradients.x as Tensor };
      },
      { x: corners },
    );
    corners.data.forEach((x, i) => {
      expect(result.y?.data[i]).toBeCloseTo(value(x), 5);
      expect(result.dx?.data[i]).toBeCloseTo(slope(x), 5);
    });
  });
});

describe('batch norm', () => {
  const x = random([3, 4, 5, 2], 'x', 2, 3);
  const scale = random([4], 'scale', 0.3, 1);
  const offset = random([4], 'offset');
  const epsilon = 1e-3;

  /** Mean and biased variance of each channel, in double precision. */
  const moments = () => {
    const values = (c: number) => [0, 1, 2].flatMap((n) => [...x.data.slice((n * 4 + c) * 10, (n * 4 + c + 1) * 10)]);
    const mean = [0, 1, 2, 3].map((c) => values(c).reduce((a, b) => a + b, 0) / 30);
    const variance = mean.map((m, c) => values(c).reduce((a, b) => a + (b - m) ** 2, 0) / 30);
    return { mean, variance };
  };

  it('normalises by the statistics of the batch, and returns them', async () => {
    const result = await evaluate(
      (t) => ({ ...batchNormTraining(of(t, 'x'), { scale: of(t, 'scale'), offset: of(t, 'offset'), epsilon }) }),
      {
        x,
        scale,
        offset,
      },
    );
    const { mean, variance } = moments();
    mean.forEach((m, c) => {
      expect(result.mean?.data[c]).toBeCloseTo(m, 5);
      expect(result.variance?.data[c]).toBeCloseTo(variance[c] as number, 4);
    });
    x.data.forEach((value, i) => {
      const c = Math.floor(i / 10) % 4;
      const normal = (value - (mean[c] as number)) / Math.sqrt((variance[c] as number) + epsilon);
      expect(result.y?.data[i]).toBeCloseTo(normal * (scale.data[c] as number) + (offset.data[c] as number), 4);
    });
  });

  it('keeps its precision where the mean is large', async () => {
    const far = random([4, 1, 8, 8], 'far', 0.1, 1000);
    const one = tensor([1], [1]);
    const { variance } = await evaluate(
      (t) => ({ ...batchNormTraining(of(t, 'far'), { scale: of(t, 'one'), offset: of(t, 'one'), epsilon }) }),
      { far, one },
    );
    const mean = [...far.data].reduce((a, b) => a + b, 0) / 256;
    const exact = [...far.data].reduce((a, b) => a + (b - mean) ** 2, 0) / 256;
    expect((variance?.data[0] as number) / exact).toBeCloseTo(1, 3);
  });

  it('has the gradients of its training form, through the statistics too', async () => {
    const norm = (t: Given) => batchNormTraining(of(t, 'x'), { scale: of(t, 'scale'), offset: of(t, 'offset'), epsilon });
    expect(await gradientError((t) => norm(t).y, { x, scale, offset })).toBeLessThan(3e-3);
    expect(await gradientError((t) => norm(t).mean, { x, scale, offset }, { only: ['x'] })).toBeLessThan(3e-3);
    expect(await gradientError((t) => norm(t).variance, { x, scale, offset }, { only: ['x'] })).toBeLessThan(3e-3);
  });

  it('has the gradients of its inference form', async () => {
    const given = { x, scale, offset, mean: random([4], 'mean'), variance: tensor([4], [0.5, 1, 2, 3]) };
    const norm = (t: Given) =>
      batchNorm(of(t, 'x'), { scale: of(t, 'scale'), offset: of(t, 'offset'), mean: of(t, 'mean'), variance: of(t, 'variance'), epsilon });
    expect(await gradientError(norm, given, { only: ['x', 'scale', 'offset'] })).toBeLessThan(2e-3);
  });
});

describe('pools', () => {
  const x = random([2, 3, 7, 6], 'x', 5);
  const windows = [
    { size: 2, padding: 0 },
    { size: 3, strides: 2, padding: 'same' },
    { size: 3, strides: 2, padding: 1 },
    { size: [3, 2], strides: [1, 2], padding: { top: 1, left: 0, bottom: 0, right: 1 } },
  ] as const;
  it.each(windows)('gradients of %o', async (window) => {
    expect(await gradientError((t) => maxPool2d(of(t, 'x'), window), { x }, { step: 1e-3 })).toBeLessThan(5e-3);
    expect(await gradientError((t) => averagePool2d(of(t, 'x'), window), { x })).toBeLessThan(2e-3);
  });
  it('averages without the padding', async () => {
    const ones = tensor([1, 1, 3, 3], Array(9).fill(1));
    const { y } = await evaluate((t) => ({ y: averagePool2d(of(t, 'ones'), { size: 3, strides: 2, padding: 'same' }) }), { ones });
    expect([...(y?.data ?? [])]).toEqual([1, 1, 1, 1]);
  });
  it('sends each gradient to one of equal maxima', async () => {
    const equal = tensor([1, 1, 2, 2], [1, 1, 1, 1]);
    const { dx } = await evaluate(
      (t) => {
        const pooled = (p: Readonly<Given>) => ({ loss: maxPool2d(of(p, 'equal'), { size: 2, padding: 0 }).sum(), aux: {} });
        return { dx: valueAndGradients(pooled, { equal: of(t, 'equal') }).gradients.equal as Tensor };
      },
      { equal },
    );
    expect([...(dx?.data ?? [])].reduce((a, b) => a + b, 0)).toBe(1);
  });
  it('global average and its gradient', async () => {
    expect(await gradientError((t) => globalAveragePool(of(t, 'x')), { x })).toBeLessThan(2e-3);
  });
});

describe('heads', () => {
  it('linear, addBias', async () => {
    const given = { x: random([4, 5], 'x'), weight: random([3, 5], 'weight'), bias: random([3], 'bias') };
    expect(await gradientError((t) => linear(of(t, 'x'), of(t, 'weight'), of(t, 'bias')), given)).toBeLessThan(2e-3);
    const maps = { x: random([2, 3, 4, 2], 'x'), bias: random([3], 'bias') };
    expect(await gradientError((t) => addBias(of(t, 'x'), of(t, 'bias')), maps)).toBeLessThan(2e-3);
  });

  const logits = random([4, 5], 'logits', 2);
  const labels = integers([4], [0, 4, 2, 2]);
  it.each([0, 0.1])('softmaxCrossEntropy with smoothing %d', async (smoothing) => {
    const loss = (t: Given) => softmaxCrossEntropy(of(t, 'logits'), of(t, 'labels'), smoothing);
    const { y } = await evaluate((t) => ({ y: loss(t) }), { logits, labels });
    labels.data.forEach((label, n) => {
      const row = [...logits.data.slice(n * 5, n * 5 + 5)];
      const norm = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
      const expected = row.reduce((sum, value, k) => sum - ((k === label ? 1 - smoothing : 0) + smoothing / 5) * (value - norm), 0);
      expect(y?.data[n]).toBeCloseTo(expected, 5);
    });
    expect(await gradientError(loss, { logits, labels })).toBeLessThan(3e-3);
  });

  it('softmaxCrossEntropy stays finite for large logits', async () => {
    const large = tensor([2, 2], [1000, -1000, -1000, 1000]);
    const { y } = await evaluate((t) => ({ y: softmaxCrossEntropy(of(t, 'large'), of(t, 'labels'), 0) }), {
      large,
      labels: integers([2], [0, 0]),
    });
    expect([...(y?.data ?? [])].map(Math.abs)).toEqual([0, 2000]);
  });

  it('softmax', async () => {
    expect(await gradientError((t) => softmax(of(t, 'logits')), { logits })).toBeLessThan(3e-3);
  });
});
