import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Engine, Step, TensorData, Tensors } from '../../../src/core/engine';
import {
  adamW,
  addBias,
  attention,
  averagePool2d,
  batchNormTraining,
  conv2d,
  embedding,
  gelu,
  globalAveragePool,
  hardSwish,
  layerNorm,
  linear,
  maxPool2d,
  relu6,
  rmsNorm,
  sgd,
  silu,
  softmaxCrossEntropy,
  tf,
  valueAndGradients,
} from '../../../src/core/engine/ops';
import { engine, engineName, layouts, packed, peer } from './helpers';

const losses = z.array(z.number()).length(50);
const trajectorySchema = z.object({
  batches: z.array(packed).length(2),
  labels: z.array(z.array(z.number())).length(2),
  decayed: z.array(z.string()),
  before: z.record(z.string(), packed),
  learningRates: z.object({ sgd: z.number(), adamw: z.number() }),
  losses: z.object({ sgd: losses, adamw: losses }),
});
const fixtures = z
  .object({ convolutional: trajectorySchema, transformer: trajectorySchema })
  .parse(JSON.parse(readFileSync(join(__dirname, '../../fixtures/engine/trajectory.json'), 'utf8')));
type NetworkName = keyof typeof fixtures;
type OptimizerName = 'sgd' | 'adamw';

/** The networks of trajectory.py. x: [8, 3, 14, 13] → [8, 4] */
function convolutional(x: Tensor, p: Tensors): Tensor {
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

/** ids: int32 [8, 7] → [8, 4] */
function transformer(ids: Tensor, p: Tensors): Tensor {
  const of = (name: string) => p[name] as Tensor;
  const dense = (y: Tensor, name: string) => linear(y, of(`${name}.weight`), of(`${name}.bias`));
  const norm = (y: Tensor, name: string) => layerNorm(y, { scale: of(`${name}.weight`), offset: of(`${name}.bias`), epsilon: 1e-5 });
  let x = embedding(of('words.weight'), tf.transpose(ids)).add(tf.expandDims(of('positions.weight'), 1)); // [7, 8, 16]
  const y = norm(x, 'norm0');
  const seen = attention(dense(y, 'query'), dense(y, 'key'), dense(y, 'value'), { heads: 2, scale: 1 / Math.sqrt(8), causal: true });
  x = x.add(dense(seen, 'mixed'));
  x = x.add(dense(gelu(dense(norm(x, 'norm1'), 'wide')), 'narrow'));
  return dense(rmsNorm(x, { scale: of('norm2.weight'), epsilon: 1e-5 }).mean(0), 'head');
}

const networks: Record<NetworkName, { logits: typeof convolutional; dtype: 'float32' | 'int32' }> = {
  convolutional: { logits: convolutional, dtype: 'float32' },
  transformer: { logits: transformer, dtype: 'int32' },
};

/** A step of learning; slots of an optimizer stand in the state as `m.name`, parameters as `p.name`. */
function stepOf(network: NetworkName, optimizer: OptimizerName): Step {
  const names = Object.keys(fixtures[network].before);
  const decayed = new Set(fixtures[network].decayed);
  const part = (tensors: Tensors, slot: string): Tensors =>
    Object.fromEntries(names.map((name) => [name, tensors[`${slot}.${name}`] as Tensor]));
  const whole = (tensors: Tensors, slot: string): Tensors =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${slot}.${name}`, tensor]));
  return ({ state, inputs }) => {
    const parameters = part(state, 'p');
    const { learningRate, correction1, correction2 } = inputs as Record<'learningRate' | 'correction1' | 'correction2', Tensor>;
    const { loss, gradients } = valueAndGradients((p) => {
      const losses = softmaxCrossEntropy(networks[network].logits(inputs.x as Tensor, p), inputs.labels as Tensor, 0.1);
      return { loss: losses.mean(), aux: {} };
    }, parameters);
    const given = { parameters, gradients, decayed };
    if (optimizer === 'sgd') {
      const next = sgd({ ...given, momentum: part(state, 'm') }, { learningRate, momentum: 0.9, weightDecay: 1e-3 });
      return { outputs: { loss }, state: { ...whole(next.parameters, 'p'), ...whole(next.momentum, 'm') } };
    }
    const rates = { learningRate, correction1, correction2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 };
    const next = adamW({ ...given, m: part(state, 'm'), v: part(state, 'v') }, rates);
    return { outputs: { loss }, state: { ...whole(next.parameters, 'p'), ...whole(next.m, 'm'), ...whole(next.v, 'v') } };
  };
}

async function trajectory(on: Pick<Engine, 'compile'>, network: NetworkName, optimizer: OptimizerName, steps: number): Promise<number[]> {
  const { before, batches, labels, learningRates } = fixtures[network];
  const { dtype } = networks[network];
  const slots = (optimizer === 'sgd' ? ['m'] : ['m', 'v']).flatMap((slot) =>
    Object.entries(before).map(([name, t]) => [`${slot}.${name}`, { ...t, data: new Float32Array(t.data.length) }] as const),
  );
  const scalar = { dtype: 'float32' as const, shape: [] };
  const [{ shape }] = batches as [TensorData];
  const program = await on.compile(stepOf(network, optimizer), {
    state: new Map([...Object.entries(before).map(([name, t]) => [`p.${name}`, t] as const), ...slots]),
    constants: new Map(),
    inputs: { x: { dtype, shape }, labels: { dtype: 'int32', shape: [8] }, learningRate: scalar, correction1: scalar, correction2: scalar },
  });
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    const { data } = batches[(t - 1) % 2] as TensorData;
    const { loss } = await program.run({
      x: dtype === 'int32' ? Int32Array.from(data) : data,
      labels: Int32Array.from(labels[(t - 1) % 2] as number[]),
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

const cases = (['convolutional', 'transformer'] as const).flatMap((network) =>
  (['sgd', 'adamw'] as const).flatMap((optimizer) => layouts.map((layout) => [network, optimizer, layout] as const)),
);
it.each(cases)('%s: follows PyTorch for 50 steps of %s, %s, and so does its peer', async (network, optimizer, layout) => {
  const steps = engineName === 'onnx' ? 5 : 50; // tfjs's own backend is slow
  const own = await trajectory(await engine(layout), network, optimizer, 50);
  const other = await trajectory(await peer(), network, optimizer, steps);
  const expected = fixtures[network].losses[optimizer];
  expect(expected[49]).toBeLessThan((expected[0] as number) * 0.8);
  expect(furthest(own, expected)).toBeLessThan(1e-4);
  expect(furthest(other, expected)).toBeLessThan(1e-4);
  expect(furthest(other, own)).toBeLessThan(1e-4);
});
