import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { FeatureLayout, TensorData } from '../../../src/core/engine';
import { averagePool2d, conv2d, maxPool2d } from '../../../src/core/engine/ops';
import { RandomStream } from '../../../src/core/random';
import { evaluate, layouts, random } from './helpers';

interface Geometry {
  readonly size: [number, number];
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly padding: { top: number; left: number; bottom: number; right: number };
}

/** For each output position, the input positions under its window, by tap; −1 where there is padding. */
function windows([height, width]: readonly [number, number], { size, strides, dilations, padding }: Geometry) {
  const count = (length: number, axis: 0 | 1) => Math.floor((length - (size[axis] - 1) * dilations[axis] - 1) / strides[axis]) + 1;
  const rows = count(height + padding.top + padding.bottom, 0);
  const columns = count(width + padding.left + padding.right, 1);
  const positions = Array.from({ length: rows * columns }, (_, out) =>
    Array.from({ length: size[0] * size[1] }, (_, tap) => {
      const row = Math.floor(out / columns) * strides[0] + Math.floor(tap / size[1]) * dilations[0] - padding.top;
      const column = (out % columns) * strides[1] + (tap % size[1]) * dilations[1] - padding.left;
      return row >= 0 && row < height && column >= 0 && column < width ? row * width + column : -1;
    }),
  );
  return { rows, columns, positions };
}

interface Case extends Geometry {
  readonly x: TensorData;
  readonly filter: TensorData;
  readonly groups: number;
}

function draw(seed: number): Case {
  const stream = new RandomStream(seed, 'windows');
  const pick = <T>(...options: readonly T[]): T => options[stream.integer(options.length)] as T;
  const groups = pick(1, 1, 2, 8);
  const inputs = groups === 8 ? 1 : pick(1, 3, 4, 8);
  const outputs = groups * pick(1, 2, 4);
  const size: [number, number] = [pick(1, 2, 3), pick(1, 3, 5)];
  const pad = (n: number) => Math.min(n - 1, pick(0, 1, 2)); // less than a window, else it would see padding alone
  return {
    size,
    strides: [pick(1, 2), pick(1, 2, 3)],
    dilations: [1, 1],
    padding: { top: pad(size[0]), left: pad(size[1]), bottom: pad(size[0]), right: pad(size[1]) },
    groups,
    x: random([pick(1, 3), inputs * groups, pick(5, 8), pick(5, 7)], `x${seed}`, 3),
    filter: random([outputs, inputs, ...size], `filter${seed}`),
  };
}

function convolved({ x, filter, groups, ...geometry }: Case): number[] {
  const [n, channels, height, width] = x.shape as [number, number, number, number];
  const [outputs, inputs] = filter.shape as [number, number];
  const { positions } = windows([height, width], geometry);
  const taps = geometry.size[0] * geometry.size[1];
  return Array.from({ length: n * outputs }, (_, i) => {
    const [example, output] = [Math.floor(i / outputs), i % outputs];
    const first = Math.floor(output / (outputs / groups)) * inputs;
    return positions.map((window) => {
      let sum = 0;
      for (let input = 0; input < inputs; input++)
        window.forEach((position, tap) => {
          const at = (example * channels + first + input) * height * width + position;
          if (position >= 0) sum += (x.data[at] as number) * (filter.data[(output * inputs + input) * taps + tap] as number);
        });
      return sum;
    });
  }).flat();
}

function pooled({ x, ...geometry }: Case, reduce: (values: number[]) => number): number[] {
  const [n, channels, height, width] = x.shape as [number, number, number, number];
  const { positions } = windows([height, width], geometry);
  return Array.from({ length: n * channels }, (_, map) =>
    positions.map((window) => reduce(window.filter((at) => at >= 0).map((at) => x.data[map * height * width + at] as number))),
  ).flat();
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Compares to sums in double precision. */
async function check(c: Case, layout: FeatureLayout, f: (x: Tensor, filter: Tensor) => Tensor, expected: number[]): Promise<void> {
  const { y } = await evaluate((t) => ({ y: f(t.x as Tensor, t.filter as Tensor) }), { x: c.x, filter: c.filter }, layout);
  expect(y?.data.length).toBe(expected.length);
  const scale = Math.max(1, ...expected.map(Math.abs));
  expected.forEach((value, i) => {
    expect(Math.abs((y?.data[i] as number) - value) / scale).toBeLessThan(2e-6);
  });
}

const cases = layouts.flatMap((layout) => Array.from({ length: 40 }, (_, seed) => [seed, layout] as const));

it.each(cases)('convolution %i, %s, is the sum over each window', async (seed, layout) => {
  const drawn = draw(seed);
  const c = seed % 4 === 3 ? { ...drawn, dilations: [1, 2] as [number, number] } : drawn;
  if (windows(c.x.shape.slice(2) as [number, number], c).columns < 1) return;
  const { strides, dilations, padding, groups } = c;
  await check(c, layout, (x, filter) => conv2d(x, filter, { strides, dilations, padding, groups }), convolved(c));
});

it.each(cases.filter(([seed]) => seed < 20))('pools %i, %s, take the largest and the mean of each window', async (seed, layout) => {
  const c = draw(seed);
  const { size, strides, padding } = c;
  await check(
    c,
    layout,
    (x) => maxPool2d(x, { size, strides, padding }),
    pooled(c, (v) => Math.max(...v)),
  );
  await check(c, layout, (x) => averagePool2d(x, { size, strides, padding }), pooled(c, mean));
});
