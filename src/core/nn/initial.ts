import type { TensorData } from '../engine/engine';
import { RandomStream } from '../random';
import { type Initial, type Module, tensorsOf } from './module';

/**
 * First values of a tree's tensors by full name, in the order of the checkpoint. Each depends on nothing but the seed and
 * its own name, so a new head is the same whatever stands before it.
 * @param only draws those names alone.
 */
export function initialTensors(module: Module, seed: number, only: (name: string) => boolean = () => true): Map<string, TensorData> {
  const values = new Map<string, TensorData>();
  for (const { name, shape, initial } of tensorsOf(module)) {
    if (!only(name)) continue;
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    fill(data, initial, new RandomStream(seed, 'initial', name));
    values.set(name, { dtype: 'float32', shape, data });
  }
  return values;
}

function fill(data: Float32Array, initial: Initial, random: RandomStream): void {
  switch (initial.kind) {
    case 'zeros':
      return;
    case 'ones':
      data.fill(1);
      return;
    case 'constant':
      data.fill(initial.value);
      return;
    case 'heNormal':
      fillNormal(data, Math.sqrt(2 / initial.fanOut), random);
      return;
    case 'normal':
      fillNormal(data, initial.deviation, random);
      return;
    case 'uniform':
      for (let i = 0; i < data.length; i++) data[i] = (2 * random.uniform() - 1) * initial.bound;
      return;
  }
}

function fillNormal(data: Float32Array, deviation: number, random: RandomStream): void {
  for (let i = 0; i < data.length; i++) data[i] = random.normal() * deviation;
}
