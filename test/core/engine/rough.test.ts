import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { TensorData } from '../../../src/core/engine';
import { linear, tf } from '../../../src/core/engine/ops';
import { engine, engineName, random } from './helpers';

/** x·Wᵀ + b with constant weights, exactly and roughly. x: [M, K], W: [N, K], or [K, N] where it is `turned` */
async function both(k: number, turned: boolean): Promise<[Float32Array, Float32Array]> {
  const [m, n] = [3, 70];
  const x = random([m, k], 'x');
  const constants = new Map([
    ['w', random(turned ? [k, n] : [n, k], 'w')],
    ['b', random([n], 'b')],
  ]);
  const of = async (rough: boolean) => {
    const program = await (await engine()).compile(
      ({ constants: { w, b }, inputs }) => ({
        outputs: { y: linear(inputs.x as Tensor, turned ? tf.transpose(w as Tensor) : (w as Tensor), b as Tensor) },
      }),
      { state: new Map(), constants, inputs: { x }, rough },
    );
    const { y } = await program.run({ x: x.data });
    await program.dispose();
    return (y as TensorData).data as Float32Array;
  };
  return [await of(false), await of(true)];
}

const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

describe('a rough product', () => {
  it.each([
    [128, false],
    [128, true],
    [192, false],
  ])('is right to a percent (%i, turned: %s)', async (k, turned) => {
    const [exact, rough] = await both(k, turned);
    const off = norm(rough.map((v, i) => v - (exact[i] as number))) / norm(exact);
    expect(off).toBeLessThan(0.02);
    if (engineName === 'onnx') expect(off).toBeGreaterThan(0);
  });

  it('is exact where the rows are no whole blocks', async () => {
    const [exact, rough] = await both(40, false);
    expect(rough).toEqual(exact);
  });
});
