import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProgramSpec, TensorData } from '../../../src/core/engine';
import { dropout, dropoutKey, dropoutMask, tf } from '../../../src/core/engine/ops';
import { engine, evaluate, gradientError, integers, peer, random } from './helpers';

const n = 40_000;
const ones = { dtype: 'float32', shape: [n], data: new Float32Array(n).fill(1) } as const;

/** What drops of a vector of ones. */
async function mask(rate: number, name: string, key: Int32Array, shape: readonly number[] = [n]): Promise<Float32Array> {
  const given = { x: { ...ones, shape }, key: integers([2], key) };
  const { y } = await evaluate(({ x, key }) => ({ y: dropout(x as Tensor, { name, rate, key: key as Tensor }) }), given);
  return (y as TensorData).data as Float32Array;
}

const dropped = (values: Float32Array) => values.filter((v) => v === 0).length / values.length;

describe('dropout', () => {
  it.each([0.05, 0.1, 0.5, 0.9])('drops a share of %d and keeps the mean', async (rate) => {
    const y = await mask(rate, 'layer', dropoutKey(1, 1));
    const share = Math.round(rate * 65536) / 65536;
    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / (1 - share))]));
    // four deviations of a binomial share
    expect(Math.abs(dropped(y) - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / n));
  });

  it('drops independently in every step, for every seed, in every layer, and for neighbours', async () => {
    const rate = 0.5;
    const masks = [
      await mask(rate, 'layer', dropoutKey(1, 1)),
      await mask(rate, 'layer', dropoutKey(1, 2)),
      await mask(rate, 'layer', dropoutKey(2, 1)),
      await mask(rate, 'layer 2', dropoutKey(1, 1)),
      await mask(rate, 'layer.2', dropoutKey(1, 1)),
    ];
    const correlation = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + (v - 1) * ((b[i] as number) - 1), 0) / n;
    const bound = 5 / Math.sqrt(n);
    masks.forEach((a, i) => {
      for (const b of masks.slice(0, i)) expect(Math.abs(correlation(a, b))).toBeLessThan(bound);
      for (const lag of [1, 2, 64, 384, n / 2])
        expect(Math.abs(correlation(a, new Float32Array([...a.subarray(lag), ...a.subarray(0, lag)])))).toBeLessThan(bound);
    });
  });

  it('spreads over all runs of eight neighbours evenly (χ²)', async () => {
    const y = await mask(0.5, 'runs', dropoutKey(3, 7));
    const counts = new Array<number>(256).fill(0);
    for (let i = 0; i < n; i += 8) counts[y.subarray(i, i + 8).reduce((sum, v, bit) => sum + (v === 0 ? 1 << bit : 0), 0)]! += 1;
    const expected = n / 8 / 256;
    const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(Math.abs(chi2 - 255)).toBeLessThan(5 * Math.sqrt(2 * 255));
  });

  it('lets no row and no column of its own arrangement stand out (χ²), nor the corners of a rectangle hang together', async () => {
    const [rows, columns] = [256, 1024]; // a mask of this size is made of so many: see columnsOf
    for (const rate of [0.1, 0.5]) {
      const key = integers([2], dropoutKey(4, Math.round(10 * rate)));
      const f = (t: Record<string, Tensor>) => ({ y: dropoutMask([rows, columns], { name: 'rows', rate, key: t.key as Tensor }) });
      const y = (await evaluate(f, { key })).y?.data as Float32Array;
      const counts = { row: new Float64Array(rows), column: new Float64Array(columns) };
      let corners = 0;
      const at = (row: number, column: number) => (y[row * columns + column] === 0 ? 1 - rate : -rate);
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          counts.row[row]! += at(row, column);
          counts.column[column]! += at(row, column);
          if (row % 2 === 0 && column % 2 === 0)
            corners += at(row, column) * at(row + 1, column) * at(row, column + 1) * at(row + 1, column + 1);
        }
      const variance = rate * (1 - rate);
      for (const [count, each] of [
        [counts.row, columns],
        [counts.column, rows],
      ] as const) {
        const chi2 = count.reduce((sum, off) => sum + off ** 2 / (each * variance), 0);
        expect(Math.abs(chi2 - count.length)).toBeLessThan(5 * Math.sqrt(2 * count.length));
      }
      expect(Math.abs(corners)).toBeLessThan(5 * variance ** 2 * Math.sqrt((rows * columns) / 4));
    }
  });

  it('drops the same bits on every engine, for any key and shape', async () => {
    const word = fc.integer({ min: -0x80000000, max: 0x7fffffff });
    const shape = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
    const rate = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    const [ours, theirs] = [await engine(), await peer()];
    await fc.assert(
      fc.asyncProperty(word, word, shape, rate, fc.string(), async (first, second, shape, rate, name) => {
        const fed = { x: { dtype: 'float32', shape }, key: { dtype: 'int32', shape: [2] } } as const;
        const spec: ProgramSpec = { state: new Map(), constants: new Map(), inputs: fed };
        const step = ({ inputs: { x, key } }: { inputs: Readonly<Record<string, Tensor>> }) => ({
          outputs: { y: dropout(x as Tensor, { name, rate, key: key as Tensor }) },
        });
        const inputs = { x: random(shape, 'x').data, key: Int32Array.of(first, second) };
        const both = [];
        for (const each of [ours, theirs]) {
          const program = await each.compile(step, spec);
          both.push((await program.run(inputs)).y as TensorData);
          await program.dispose();
        }
        expect(both[0]?.data).toEqual(both[1]?.data);
      }),
      { numRuns: 25 },
    );
  });

  it('drops whole rows where its shape says so', async () => {
    const given = { x: random([4, 3, 50], 'x'), key: integers([2], dropoutKey(1, 1)) };
    const f = ({ x, key }: Record<string, Tensor>) => ({
      y: dropout(x as Tensor, { name: 'maps', rate: 0.5, key: key as Tensor, shape: [4, 3, 1] }),
    });
    const { data } = (await evaluate(f, given)).y as TensorData;
    const rows = Array.from({ length: 12 }, (_, i) => dropped((data as Float32Array).subarray(i * 50, i * 50 + 50)));
    expect(new Set(rows)).toEqual(new Set([0, 1]));
  });

  it('lets through the gradient of what is kept', async () => {
    const key = integers([2], dropoutKey(5, 5));
    const f = (tensors: Record<string, Tensor>) =>
      tf.square(dropout(tensors.x as Tensor, { name: 'g', rate: 0.4, key: tensors.key as Tensor }));
    expect(await gradientError(f, { x: random([6, 5], 'x'), key })).toBeLessThan(1e-3);
  });

  it('is the identity at rate 0, and refuses other rates than shares', async () => {
    expect(await mask(0, 'none', dropoutKey(1, 1))).toEqual(new Float32Array(n).fill(1));
    for (const rate of [1, -0.1, Number.NaN]) await expect(mask(rate, 'bad', dropoutKey(1, 1))).rejects.toThrow(/rate/);
  });
});
