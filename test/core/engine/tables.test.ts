import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { ProgramSpec } from '../../../src/core/engine';
import { portable } from '../../../src/core/engine/onnx/graph';
import { lower } from '../../../src/core/engine/onnx/lower';
import { embedding, linear } from '../../../src/core/engine/ops';
import { engine, peer, random } from './helpers';

const rows = 6000;
const spec: ProgramSpec = {
  state: new Map(),
  constants: new Map([
    ['table', random([rows, 48], 'table')], // 1.2 MB
    ['small', random([10, 48], 'small')],
  ]),
  inputs: { ids: { dtype: 'int32', shape: [2, 3] }, places: { dtype: 'int32', shape: [3] } },
};
const ids = Int32Array.of(0, 5999, 17, 17, 4242, 1);

function looked({ constants, inputs }: { constants: Record<string, Tensor>; inputs: Record<string, Tensor> }): Tensor {
  return embedding(constants.table as Tensor, inputs.ids as Tensor).add(embedding(constants.small as Tensor, inputs.places as Tensor));
}
type Given = Parameters<typeof looked>[0];

const lookUp = (given: unknown) => ({ outputs: { y: looked(given as Given) } });
/** As an output layer that shares the table. */
const tied = (given: unknown) => ({
  outputs: { y: linear(looked(given as Given).reshape([6, 48]), (given as Given).constants.table as Tensor) },
});

it('takes rows of a large table where it lies: no session has a copy of it', () => {
  const names = (step: typeof lookUp, feedsTables: boolean) => {
    const { model, tables } = lower(step, spec, portable, 'cpu', { feedsTables });
    return { inside: model.externalData.map(({ path }) => path), fed: tables.map(({ data }) => data) };
  };
  const table = spec.constants.get('table')?.data;
  expect(names(lookUp, true)).toEqual({ inside: ['constant:small'], fed: [table] });
  expect(names(tied, true)).toEqual({ inside: ['constant:table', 'constant:small'], fed: [table] });
  expect(names(lookUp, false)).toEqual({ inside: ['constant:table', 'constant:small'], fed: [] });
});

it.each([
  ['alone', lookUp],
  ['for a product too', tied],
])('gives the rows of a large table: %s', async (_, step) => {
  const answers = await Promise.all(
    [engine, peer].map(async (on) => {
      const program = await (await on()).compile(step, spec);
      const { y } = await program.run({ ids, places: Int32Array.of(2, 0, 9) });
      await program.dispose();
      return Array.from(y?.data ?? []);
    }),
  );
  expect(answers[0]).toHaveLength(step === tied ? 6 * rows : 6 * 48);
  for (const [i, value] of (answers[0] as number[]).entries()) expect(value).toBeCloseTo((answers[1] as number[])[i] as number, 3);
});
