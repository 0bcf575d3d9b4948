import { describe, expect, it } from 'vitest';
import { maxPool2d, tf } from '../../../src/core/engine/ops';
import { engine, layouts } from './helpers';

/** A map of negative values, and the same with zeros around it. */
function maps(side: number, [above, below, left, right]: readonly [number, number, number, number]) {
  const [height, width] = [side + above + below, side + left + right];
  const plain = Float32Array.from({ length: side * side }, (_, i) => -1 - ((i * 7) % 11));
  const padded = new Float32Array(height * width);
  for (let i = 0; i < plain.length; i++) padded[(Math.floor(i / side) + above) * width + (i % side) + left] = plain[i] as number;
  return { plain, padded, height, width };
}

describe.each(layouts)('zeros around a map count for the pool after it (%s)', (layout) => {
  const pads = [
    [0, 1, 0, 0],
    [1, 1, 1, 1],
    [0, 2, 0, 1],
  ] as const;
  const cases = pads.flatMap((pad) =>
    ([0, 'same'] as const).flatMap((padding) => [2, 3].flatMap((size) => [1, 2].map((strides) => ({ pad, padding, size, strides })))),
  );
  it.each(cases)('%j', async ({ pad, ...options }) => {
    const side = 5;
    const { plain, padded, height, width } = maps(side, pad);
    const [above, below, left, right] = pad;
    const program = await (await engine(layout)).compile(
      ({ inputs }) => ({
        outputs: {
          y: maxPool2d(
            tf.pad(inputs.plain as tf.Tensor, [
              [0, 0],
              [0, 0],
              [above, below],
              [left, right],
            ]),
            options,
          ),
          expected: maxPool2d(inputs.padded as tf.Tensor, options),
        },
      }),
      {
        state: new Map(),
        constants: new Map(),
        inputs: { plain: { dtype: 'float32', shape: [1, 1, side, side] }, padded: { dtype: 'float32', shape: [1, 1, height, width] } },
      },
    );
    const { y, expected } = await program.run({ plain, padded });
    expect(y).toEqual(expected);
    await program.dispose();
  });
});
