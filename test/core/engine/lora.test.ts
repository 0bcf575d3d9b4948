import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dropoutKey } from '../../../src/core/engine/ops';
import { Linear, rooted, type Scope } from '../../../src/core/nn';
import { dropoutUnder } from '../../../src/core/nn/dropout';
import { evaluate, gradientError, integers, layouts, random } from './helpers';

const [input, output, rank] = [6, 10, 3];

/** A layer with an adapter, both ways in which its weight may lie; x: [4, 5, 6] → [4, 5, 10] */
function adapted(inputFirst: boolean, { fresh = false, dropout = 0 } = {}) {
  const layer = rooted(new Linear(input, output, { inputFirst, activation: 'gelu' }), 'layer');
  layer.adapt({ rank, scale: 1.5, dropout });
  const given = {
    x: random([4, 5, input], 'x'),
    'layer.weight': random(inputFirst ? [input, output] : [output, input], 'weight', 0.4),
    'layer.bias': random([output], 'bias', 0.1),
    'layer.lora_A.weight': random([rank, input], 'A', 0.5),
    'layer.lora_B.weight': random([output, rank], 'B', fresh ? 0 : 0.5),
  };
  const scopeOf = (tensors: Record<string, Tensor>): Scope => ({
    tensor: (name) => tensors[name] as Tensor,
    learns: () => true,
    training: true,
    ...(tensors.key && { dropout: dropoutUnder(tensors.key) }),
    update: () => undefined,
  });
  const forward = (tensors: Record<string, Tensor>) => layer.forward(tensors.x as Tensor, scopeOf(tensors));
  const plain = (tensors: Record<string, Tensor>) => {
    const { x } = tensors;
    const base = rooted(new Linear(input, output, { inputFirst, activation: 'gelu' }), 'layer');
    return base.forward(x as Tensor, scopeOf(tensors));
  };
  return { given, forward, plain };
}

describe.each([false, true])('an adapter beside a linear layer, its weight [in, out]: %s', (inputFirst) => {
  it.each(layouts)('has the gradients of its differences (%s)', async (layout) => {
    const { given, forward } = adapted(inputFirst);
    expect(await gradientError(forward, given, { layout })).toBeLessThan(5e-3);
  });

  it.each(layouts)('gives nothing while B is zero, to the byte (%s)', async (layout) => {
    const { given, forward, plain } = adapted(inputFirst, { fresh: true });
    const { a, b } = await evaluate((tensors) => ({ a: forward(tensors), b: plain(tensors) }), given, layout);
    expect(a?.data).toEqual(b?.data);
  });

  it('does not see all of its inputs where they drop, and the layer does', async () => {
    const { given, forward, plain } = adapted(inputFirst, { dropout: 0.5 });
    const key = integers([2], dropoutKey(1, 1));
    const other = integers([2], dropoutKey(1, 2));
    const at = async (key: typeof other) => (await evaluate((tensors) => ({ y: forward(tensors) }), { ...given, key })).y?.data;
    expect(await at(key)).toEqual(await at(key));
    expect(await at(key)).not.toEqual(await at(other));
    expect(await gradientError(forward, { ...given, key }, { only: Object.keys(given) })).toBeLessThan(5e-3);
    const without = { ...given, 'layer.lora_B.weight': random([output, rank], 'B', 0), key };
    const { a, b } = await evaluate((tensors) => ({ a: forward(tensors), b: plain(tensors) }), without);
    expect(a?.data).toEqual(b?.data);
  });
});
