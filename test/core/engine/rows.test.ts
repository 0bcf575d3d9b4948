import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TensorData } from '../../../src/core/engine';
import { putRows } from '../../../src/core/engine/ops';
import { engine, evaluate, integers, random } from './helpers';

const put = ({ x, rows, from }: Record<string, Tensor>) => ({ y: putRows(x as Tensor, rows as Tensor, from as Tensor) });

it('puts rows in the place of others', async () => {
  const sizes = fc.record({
    length: fc.integer({ min: 1, max: 12 }),
    count: fc.integer({ min: 1, max: 12 }),
    at: fc.nat(11),
    width: fc.integer({ min: 1, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ length, count: some, at, width }) => {
      const count = Math.min(some, length);
      const from = Math.min(at, length - count);
      const [x, rows] = [random([length, 2, width], 'x'), random([count, 2, width], 'rows')];
      const { y } = (await evaluate(put, { x, rows, from: integers([], [from]) })) as { y: TensorData };
      const expected = x.data.slice();
      expected.set(rows.data, from * 2 * width);
      expect(y).toEqual({ ...x, data: expected });
    }),
    { numRuns: 25 },
  );
});

it('keeps state that many steps put rows into, read by other nodes too', async () => {
  const [length, width] = [300, 400]; // more than state that shares one vector
  const x = random([length, 1, width], 'state');
  const program = await (await engine()).compile(
    ({ state, inputs }) => {
      const next = putRows(state.x as Tensor, inputs.rows as Tensor, inputs.from as Tensor);
      return { outputs: { sum: next.sum(), same: next.mul(1) }, state: { x: next } };
    },
    {
      state: new Map([['x', x]]),
      constants: new Map(),
      inputs: { rows: { dtype: 'float32', shape: [2, 1, width] }, from: { dtype: 'int32', shape: [] } },
    },
  );
  const expected = x.data.slice();
  for (const from of [0, 17, 298, 17]) {
    const rows = random([2, 1, width], `rows ${from}`);
    expected.set(rows.data, from * width);
    const { same } = await program.run({ rows: rows.data, from: Int32Array.of(from) });
    expect(bytesOf(same).equals(bytesOf({ data: expected }))).toBe(true);
    expect(bytesOf(program.read(['x']).get('x')).equals(bytesOf({ data: expected }))).toBe(true);
  }
  await program.dispose();
});

/** What compares many numbers at once. */
function bytesOf(tensor: Pick<TensorData, 'data'> | undefined): Buffer {
  const { buffer, byteOffset, byteLength } = tensor?.data ?? new Float32Array();
  return Buffer.from(buffer, byteOffset, byteLength);
}
