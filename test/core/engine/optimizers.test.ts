import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { TensorData, Tensors } from '../../../src/core/engine';
import { adamW, sgd } from '../../../src/core/engine/ops';
import { engine, random } from './helpers';

/** Small ones of both kinds, which are joined, and one large. */
const shapes: Record<string, number[]> = { weight: [3, 4], bias: [4], kernel: [2, 2, 3], large: [70, 1000] };
const decayed = new Set(['weight', 'kernel', 'large']);
const steps = 5;
const named = (prefix: string, f = (shape: number[], name: string) => random(shape, prefix + name)) =>
  Object.entries(shapes).map(([name, shape]) => [`${prefix}${name}`, f(shape, name)] as const);
const zeros = (shape: number[]): TensorData => ({ dtype: 'float32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
const part = (tensors: Tensors, prefix: string): Tensors =>
  Object.fromEntries(Object.keys(shapes).map((name) => [name, tensors[prefix + name] as Tensor]));
const back = (tensors: Tensors, prefix: string): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [prefix + name, t]));
const inputs = {
  ...Object.fromEntries(named('g.').map(([name, { shape }]) => [name, { dtype: 'float32' as const, shape }])),
  learningRate: { dtype: 'float32' as const, shape: [] },
  correction1: { dtype: 'float32' as const, shape: [] },
  correction2: { dtype: 'float32' as const, shape: [] },
};
const gradientAt = (step: number, name: string, i: number) => Math.fround(Math.sin(step + name.length + i));
const given = (step: number, rates: Record<string, number>) => ({
  ...Object.fromEntries(named('g.').map(([key, { data }]) => [key, Float32Array.from(data, (_, i) => gradientAt(step, key, i))])),
  ...Object.fromEntries(Object.entries(rates).map(([name, value]) => [name, Float32Array.of(value)])),
});

it('adamW is PyTorch’s', async () => {
  const [beta1, beta2, epsilon, weightDecay] = [0.9, 0.999, 1e-8, 0.05];
  const state = new Map([...named('p.'), ...named('m.', zeros), ...named('v.', zeros)]);
  const program = await (await engine()).compile(
    ({ state, inputs }) => {
      const { learningRate, correction1, correction2 } = inputs as Record<string, Tensor> &
        Record<'learningRate' | 'correction1' | 'correction2', Tensor>;
      const result = adamW(
        { parameters: part(state, 'p.'), gradients: part(inputs, 'g.'), m: part(state, 'm.'), v: part(state, 'v.'), decayed },
        { learningRate, correction1, correction2, beta1, beta2, epsilon, weightDecay },
      );
      return { outputs: {}, state: { ...back(result.parameters, 'p.'), ...back(result.m, 'm.'), ...back(result.v, 'v.') } };
    },
    { state, constants: new Map(), inputs },
  );
  for (let t = 1; t <= steps; t++)
    await program.run(given(t, { learningRate: 0.01 * t, correction1: 1 - beta1 ** t, correction2: 1 - beta2 ** t }));
  for (const [name, { data }] of named('p.')) {
    const after = program.read([name]).get(name)?.data as Float32Array;
    const wd = decayed.has(name.slice(2)) ? weightDecay : 0;
    for (let i = 0; i < data.length; i += Math.ceil(data.length / 50)) {
      let [p, m, v] = [data[i] as number, 0, 0];
      for (let t = 1; t <= steps; t++) {
        const g = gradientAt(t, `g.${name.slice(2)}`, i);
        p *= 1 - 0.01 * t * wd;
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        p -= ((0.01 * t) / (1 - beta1 ** t)) * (m / (Math.sqrt(v) / Math.sqrt(1 - beta2 ** t) + epsilon));
      }
      expect(Math.abs((after[i] as number) - p)).toBeLessThan(2e-6);
    }
  }
  await program.dispose();
});

it('sgd is PyTorch’s', async () => {
  const [momentum, weightDecay] = [0.9, 0.1];
  const program = await (await engine()).compile(
    ({ state, inputs }) => {
      const result = sgd(
        { parameters: part(state, 'p.'), gradients: part(inputs, 'g.'), momentum: part(state, 'b.'), decayed },
        { learningRate: inputs.learningRate as Tensor, momentum, weightDecay },
      );
      return { outputs: {}, state: { ...back(result.parameters, 'p.'), ...back(result.momentum, 'b.') } };
    },
    { state: new Map([...named('p.'), ...named('b.', zeros)]), constants: new Map(), inputs },
  );
  for (let t = 1; t <= steps; t++) await program.run(given(t, { learningRate: 0.01, correction1: 1, correction2: 1 }));
  for (const [name, { data }] of named('p.')) {
    const after = program.read([name]).get(name)?.data as Float32Array;
    const wd = decayed.has(name.slice(2)) ? weightDecay : 0;
    for (let i = 0; i < data.length; i += Math.ceil(data.length / 50)) {
      let [p, b] = [data[i] as number, 0];
      for (let t = 1; t <= steps; t++) {
        b = momentum * b + gradientAt(t, `g.${name.slice(2)}`, i) + wd * p;
        p -= 0.01 * b;
      }
      expect(Math.abs((after[i] as number) - p)).toBeLessThan(2e-6);
    }
  }
  await program.dispose();
});
