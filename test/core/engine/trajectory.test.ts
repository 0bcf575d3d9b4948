import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Engine, Step, TensorData, Tensors } from '../../../src/core/engine';
import {
  adamW,
  addBias,
  averagePool2d,
  batchNormTraining,
  conv2d,
  globalAveragePool,
  hardSwish,
  linear,
  maxPool2d,
  relu6,
  sgd,
  silu,
  softmaxCrossEntropy,
  valueAndGradients,
} from '../../../src/core/engine/ops';
import { engine, engineName, layouts, peer } from './helpers';

const packed = z.object({ shape: z.array(z.number()), data: z.string() }).transform(({ shape, data }): TensorData => {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return { dtype: 'float32', shape, data: new Float32Array(bytes.buffer) };
});
const losses = z.array(z.number()).length(50);
const fixture = z
  .object({
    batches: z.array(packed).length(2),
    labels: z.array(z.array(z.number())).length(2),
    decayed: z.array(z.string()),
    before: z.record(z.string(), packed),
    losses: z.object({ sgd: losses, adamw: losses }),
  })
  .parse(JSON.parse(readFileSync(join(__dirname, '../../fixtures/engine/trajectory.json'), 'utf8')));

const names = Object.keys(fixture.before);
const decayed = new Set(fixture.decayed);

/** The network of trajectory.py. x: [8, 3, 14, 13] → [8, 4] */
function logits(x: Tensor, p: Tensors): Tensor {
  const of = (name: string) => p[name] as Tensor;
  const norm = (y: Tensor, name: string) =>
    batchNormTraining(y, { scale: of(`${name}.weight`), offset: of(`${name}.bias`), epsilon: 1e-5 }).y;
  let y = relu6(norm(conv2d(x, of('stem.weight'), { strides: 2, padding: 1 }), 'bn0'));
  const inner = silu(norm(conv2d(y, of('depthwise.weight'), { padding: 1, groups: 8 }), 'bn1'));
  y = y.add(norm(conv2d(inner, of('project.weight'), { padding: 0 }), 'bn2'));
  y = maxPool2d(y, { size: 3, strides: 2, padding: 1 });
  y = hardSwish(addBias(conv2d(y, of('dilated.weight'), { padding: 2, dilations: 2 }), of('dilated.bias')));
  y = averagePool2d(y, { size: 2, strides: 1, padding: 0 });
  return linear(globalAveragePool(y), of('head.weight'), of('head.bias'));
}

/** Slots of an optimizer stand in the state as `m.name`, parameters as `p.name`. */
const part = (tensors: Tensors, slot: string): Tensors =>
  Object.fromEntries(names.map((name) => [name, tensors[`${slot}.${name}`] as Tensor]));
const whole = (tensors: Tensors, slot: string): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${slot}.${name}`, tensor]));

function backward(inputs: Tensors, parameters: Tensors) {
  const loss = (p: Tensors) => softmaxCrossEntropy(logits(inputs.x as Tensor, p), inputs.labels as Tensor, 0.1).mean();
  return valueAndGradients((p) => ({ loss: loss(p), aux: {} }), parameters);
}

const optimizers: Record<'sgd' | 'adamw', { slots: string[]; step: Step }> = {
  sgd: {
    slots: ['b'],
    step: ({ state, inputs }) => {
      const parameters = part(state, 'p');
      const { loss, gradients } = backward(inputs, parameters);
      const rates = { learningRate: inputs.learningRate as Tensor, momentum: 0.9, weightDecay: 1e-3 };
      const next = sgd({ parameters, gradients, momentum: part(state, 'b'), decayed }, rates);
      return { outputs: { loss }, state: { ...whole(next.parameters, 'p'), ...whole(next.momentum, 'b') } };
    },
  },
  adamw: {
    slots: ['m', 'v'],
    step: ({ state, inputs }) => {
      const parameters = part(state, 'p');
      const { loss, gradients } = backward(inputs, parameters);
      const { learningRate, correction1, correction2 } = inputs as Record<'learningRate' | 'correction1' | 'correction2', Tensor>;
      const rates = { learningRate, correction1, correction2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 };
      const next = adamW({ parameters, gradients, m: part(state, 'm'), v: part(state, 'v'), decayed }, rates);
      return { outputs: { loss }, state: { ...whole(next.parameters, 'p'), ...whole(next.m, 'm'), ...whole(next.v, 'v') } };
    },
  },
};
const learningRates = { sgd: 0.05, adamw: 2e-3 };

async function trajectory(on: Pick<Engine, 'compile'>, optimizer: 'sgd' | 'adamw', steps: number): Promise<number[]> {
  const { slots, step } = optimizers[optimizer];
  const initial = names.map((name) => [`p.${name}`, fixture.before[name] as TensorData] as const);
  const empty = slots.flatMap((slot) =>
    Object.entries(fixture.before).map(([name, t]) => [`${slot}.${name}`, { ...t, data: new Float32Array(t.data.length) }] as const),
  );
  const scalar = { dtype: 'float32' as const, shape: [] };
  const [{ shape }] = fixture.batches as [TensorData];
  const program = await on.compile(step, {
    state: new Map([...initial, ...empty]),
    constants: new Map(),
    inputs: {
      x: { dtype: 'float32', shape },
      labels: { dtype: 'int32', shape: [8] },
      learningRate: scalar,
      correction1: scalar,
      correction2: scalar,
    },
  });
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    const { loss } = await program.run({
      x: (fixture.batches[(t - 1) % 2] as TensorData).data,
      labels: Int32Array.from(fixture.labels[(t - 1) % 2] as number[]),
      learningRate: Float32Array.of(learningRates[optimizer]),
      correction1: Float32Array.of(1 - 0.9 ** t),
      correction2: Float32Array.of(1 - 0.999 ** t),
    });
    losses.push(loss?.data[0] as number);
  }
  await program.dispose();
  return losses;
}

const furthest = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));

const cases = layouts.flatMap((layout) => (['sgd', 'adamw'] as const).map((optimizer) => [optimizer, layout] as const));
it.each(cases)('follows PyTorch for 50 steps of %s, %s, and so does its peer', async (optimizer, layout) => {
  const steps = engineName === 'onnx' ? 5 : 50; // tfjs's own backend is slow
  const [own, other] = [await trajectory(await engine(layout), optimizer, 50), await trajectory(await peer(), optimizer, steps)];
  expect(fixture.losses[optimizer][49]).toBeLessThan((fixture.losses[optimizer][0] as number) * 0.8);
  expect(furthest(own, fixture.losses[optimizer])).toBeLessThan(1e-4);
  expect(furthest(other, fixture.losses[optimizer])).toBeLessThan(1e-4);
  expect(furthest(other, own)).toBeLessThan(1e-4);
});
