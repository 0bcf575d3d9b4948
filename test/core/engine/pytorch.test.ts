import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { TensorData, Tensors } from '../../../src/core/engine';
import {
  adamW,
  addBias,
  batchNormTraining,
  conv2d,
  globalAveragePool,
  hardSwish,
  linear,
  relu6,
  silu,
  softmaxCrossEntropy,
  valueAndGradients,
} from '../../../src/core/engine/ops';
import { engine, layouts, packed } from './helpers';

const named = z.record(z.string(), packed);
const fixture = z
  .object({
    x: packed,
    labels: z.array(z.number()),
    decayed: z.array(z.string()),
    before: named,
    after: named,
    gradients: named,
    losses: z.array(z.number()),
  })
  .parse(JSON.parse(readFileSync(join(__dirname, '../../fixtures/engine/step.json'), 'utf8')));

/** The network of step.py. x: [6, 3, 11, 10] → [6, 3] */
function logits(x: Tensor, p: Tensors): Tensor {
  const of = (name: string) => p[name] as Tensor;
  const norm = (y: Tensor, name: string) =>
    batchNormTraining(y, { scale: of(`${name}.weight`), offset: of(`${name}.bias`), epsilon: 1e-5 }).y;
  let y = relu6(norm(conv2d(x, of('stem.weight'), { strides: 2, padding: 1 }), 'bn0').mul(2));
  y = silu(norm(conv2d(y, of('expand.weight'), { padding: 0 }), 'bn1'));
  y = relu6(norm(conv2d(y, of('depthwise.weight'), { strides: 2, padding: 1, groups: 16 }), 'bn2'));
  y = norm(conv2d(y, of('project.weight'), { padding: 0 }), 'bn3');
  y = y.add(hardSwish(addBias(conv2d(y, of('grouped.weight'), { padding: 1, groups: 2 }), of('grouped.bias'))));
  return linear(globalAveragePool(y), of('head.weight'), of('head.bias'));
}

/** Largest deviation, relative to the largest entry. */
function deviation(actual: TensorData | undefined, expected: TensorData): number {
  const scale = Math.max(...expected.data.map(Math.abs), 1e-6);
  return Math.max(...[...expected.data].map((value, i) => Math.abs((actual?.data[i] as number) - value) / scale));
}

it.each(layouts)('takes the same training steps as PyTorch, %s', async (layout) => {
  const names = Object.keys(fixture.before);
  const zeros = names.map((name): [string, TensorData] => {
    const { shape, data } = fixture.before[name] as TensorData;
    return [name, { dtype: 'float32', shape, data: new Float32Array(data.length) }];
  });
  const prefixed = (prefix: string, entries: [string, TensorData][]) => entries.map(([name, value]) => [prefix + name, value] as const);
  const part = (tensors: Tensors, prefix: string): Tensors =>
    Object.fromEntries(names.map((name) => [name, tensors[prefix + name] as Tensor]));
  const whole = (tensors: Tensors, prefix: string): Tensors =>
    Object.fromEntries(names.map((name) => [prefix + name, tensors[name] as Tensor]));
  const scalar = { dtype: 'float32' as const, shape: [] };

  const program = await (await engine(layout)).compile(
    ({ state, inputs }) => {
      const parameters = part(state, 'p.');
      const { x, labels, learningRate, correction1, correction2 } = inputs as Record<string, Tensor>;
      const { loss, gradients } = valueAndGradients(
        (p) => ({ loss: softmaxCrossEntropy(logits(x as Tensor, p), labels as Tensor, 0.1).mean(), aux: {} }),
        parameters,
      );
      const next = adamW(
        { parameters, gradients, m: part(state, 'm.'), v: part(state, 'v.'), decayed: new Set(fixture.decayed) },
        {
          learningRate: learningRate as Tensor,
          correction1: correction1 as Tensor,
          correction2: correction2 as Tensor,
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0.05,
        },
      );
      return {
        outputs: { loss, ...gradients },
        state: { ...whole(next.parameters, 'p.'), ...whole(next.m, 'm.'), ...whole(next.v, 'v.') },
      };
    },
    {
      state: new Map([...prefixed('p.', Object.entries(fixture.before)), ...prefixed('m.', zeros), ...prefixed('v.', zeros)]),
      constants: new Map(),
      inputs: { x: fixture.x, labels: { dtype: 'int32', shape: [6] }, learningRate: scalar, correction1: scalar, correction2: scalar },
    },
  );
  for (let t = 1; t <= 3; t++) {
    const results = await program.run({
      x: fixture.x.data,
      labels: Int32Array.from(fixture.labels),
      learningRate: Float32Array.of(0.01),
      correction1: Float32Array.of(1 - 0.9 ** t),
      correction2: Float32Array.of(1 - 0.999 ** t),
    });
    expect(results.loss?.data[0]).toBeCloseTo(fixture.losses[t - 1] as number, 4);
    if (t === 1) for (const name of names) expect(deviation(results[name], fixture.gradients[name] as TensorData), name).toBeLessThan(1e-4);
  }
  for (const name of names)
    expect(deviation(program.read([`p.${name}`]).get(`p.${name}`), fixture.after[name] as TensorData), name).toBeLessThan(1e-3);
  await program.dispose();
});
