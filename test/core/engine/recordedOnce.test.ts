import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { ProgramSpec, Step } from '../../../src/core/engine';
import { portable } from '../../../src/core/engine/onnx/graph';
import { lower } from '../../../src/core/engine/onnx/lower';
import { attention, layerNorm, valueAndGradients } from '../../../src/core/engine/ops';
import { random } from './helpers';

const [length, batch, width] = [24, 2, 128];
const shape = [length, batch, width];
const names = ['q', 'k', 'v', 'scale', 'offset'] as const;
const spec: ProgramSpec = {
  state: new Map(names.map((name) => [name, random(name === 'scale' || name === 'offset' ? [width] : shape, name)])),
  constants: new Map(),
  inputs: {},
};

/** Attention and the norm after it, and the gradients of all that they take. */
const step: Step = ({ state }) => {
  const { loss, gradients } = valueAndGradients((p) => {
    const { q, k, v, scale, offset } = p as Record<(typeof names)[number], Tensor>;
    const seen = attention(q, k, v, { heads: 4, scale: 0.2, causal: true });
    return { loss: layerNorm(seen, { scale, offset, epsilon: 1e-5 }).square().sum(), aux: {} };
  }, state);
  return { outputs: { loss }, state: gradients };
};

it('what the gradients need again is recorded once', () => {
  const { graph } = lower(step, spec, portable, 'cpu');
  const count = (operator: string) => graph.recorded.filter((node) => node.operator === operator).length;
  expect(count('Softmax')).toBe(1);
  expect(count('LayerNormalization')).toBe(2); // with its scale, and without for both gradients
});
