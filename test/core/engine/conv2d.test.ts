import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { conv2d } from '../../../src/core/engine/ops';
import { evaluate, gradientError, layouts, random, tensor } from './helpers';

const given = (x: number[], filter: number[]) => ({ x: random(x, 'x'), filter: random(filter, 'filter') });

describe.each(layouts)('conv2d, %s', (layout) => {
  it('pads "same" unevenly, at the end', async () => {
    const x = tensor(
      [1, 1, 4, 4],
      Array.from({ length: 16 }, (_, i) => i),
    );
    const filter = tensor([1, 1, 3, 3], [1, 0, 0, 0, 0, 0, 0, 0, 0]); // picks the upper left corner of each window
    const { y } = await evaluate(
      (t) => ({ y: conv2d(t.x as Tensor, t.filter as Tensor, { strides: 2, padding: 'same' }) }),
      { x, filter },
      layout,
    );
    expect(y?.shape).toEqual([1, 1, 2, 2]);
    expect([...(y?.data ?? [])]).toEqual([0, 2, 8, 10]);
  });

  const grid = [1, 3, 5].flatMap((kernel) =>
    [1, 2].flatMap((strides) =>
      (['same', 0, 1, { top: 0, left: 1, bottom: 2, right: 0 }] as const).flatMap((padding) =>
        [
          [7, 6],
          [8, 9],
        ].flatMap(([height, width]) => [1, 4, 2].map((groups) => ({ kernel, strides, padding, height, width, groups }))),
      ),
    ),
  );
  it.each(grid)('gradients of $kernel×$kernel / $strides, padding $padding, $height×$width, $groups groups', async (c) => {
    const { kernel, groups, strides, padding } = c;
    const tensors = given([2, 4, c.height as number, c.width as number], [groups === 4 ? 4 : 6, 4 / groups, kernel, kernel]);
    const error = await gradientError((t) => conv2d(t.x as Tensor, t.filter as Tensor, { strides, padding, groups }), tensors, { layout });
    expect(error).toBeLessThan(2e-3);
  });

  it.each([1, 4])('gradients with dilation, %i groups', async (groups) => {
    const tensors = given([2, 4, 9, 8], [4, 4 / groups, 3, 3]);
    const options = { strides: [2, 1], dilations: [1, 2], padding: 2, groups } as const;
    expect(await gradientError((t) => conv2d(t.x as Tensor, t.filter as Tensor, options), tensors, { layout })).toBeLessThan(2e-3);
  });
});
