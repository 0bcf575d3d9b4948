import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { Engine, FeatureLayout, ProgramSpec, TensorData } from '../../../src/core/engine';
import { softmaxCrossEntropy, valueAndGradients } from '../../../src/core/engine/ops';
import { engine, layouts, peer, random, tensor } from './helpers';
import { drawConvolutional, drawTransformer, type Network } from './networks';

/** Losses per example and the gradients of their sum; parameters are state, so that they can be moved. */
async function compiled(on: Pick<Engine, 'compile'>, { input, labels, parameters, statistics, layers }: Network) {
  const names = [...parameters.keys()];
  const spec: ProgramSpec = {
    state: new Map([...parameters, ['x', random(input, 'x')]]),
    constants: statistics,
    inputs: { labels: { dtype: 'int32', shape: [labels.length] } },
  };
  const program = await on.compile(({ state, constants, inputs }) => {
    const { gradients, aux } = valueAndGradients(
      (p) => {
        const logits = layers.reduce((y, layer) => layer(y, { ...constants, ...p }), p.x as Tensor);
        const losses = softmaxCrossEntropy(logits, inputs.labels as Tensor, 0.1);
        return { loss: losses.sum(), aux: { losses } };
      },
      Object.fromEntries([...names, 'x'].map((name) => [name, state[name] as Tensor])),
    );
    return { outputs: { losses: aux.losses as Tensor, ...gradients } };
  }, spec);
  return { program, spec, run: () => program.run({ labels }) };
}

const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);
const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));

/** Along g/‖g‖ and a random direction r/‖r‖ together, the loss changes by ‖g‖ + g·r/‖r‖. */
async function slopeError({ program, spec, run }: Awaited<ReturnType<typeof compiled>>): Promise<number> {
  const exact = await run();
  let worst = 0;
  for (const [name, start] of spec.state) {
    const gradient = (exact[name] as TensorData).data;
    const size = norm(gradient);
    if (size < 1e-2) continue; // lost in the loss's own precision
    const other = random(start.shape, `direction ${name}`).data;
    const direction = Float64Array.from(gradient, (g, i) => g / size + (other[i] as number) / norm(other));
    const loss = async (by: number) => {
      const moved = start.data.map((value, i) => value + by * (direction[i] as number));
      program.write(new Map([[name, tensor(start.shape, moved)]]));
      return total(((await run()).losses as TensorData).data);
    };
    const step = 2e-3;
    const difference = ((await loss(step)) - (await loss(-step))) / (2 * step);
    const expected = total(direction.map((d, i) => d * (gradient[i] as number)));
    worst = Math.max(worst, Math.abs(difference - expected) / size);
    program.write(new Map([[name, start]]));
  }
  return worst;
}

const seeds = Array.from({ length: 24 }, (_, seed) => seed);
it.each(layouts.flatMap((layout) => seeds.map((seed) => [seed, layout] as const)))(
  'random convolutional network %i, %s: two engines agree, and with differences',
  (seed, layout) => agreement(drawConvolutional(seed), layout),
);
it.each(seeds)('random transformer %i: two engines agree, and with differences', (seed) => agreement(drawTransformer(seed), 'auto'));

async function agreement(network: Network, layout: FeatureLayout): Promise<void> {
  const [own, other] = [await compiled(await engine(layout), network), await compiled(await peer(), network)];
  const [a, b] = [await own.run(), await other.run()];
  for (const [name, { data, shape }] of Object.entries(a)) {
    expect(b[name]?.shape, name).toEqual(shape);
    const scale = Math.max(1e-3, ...data.map(Math.abs));
    data.forEach((value, i) => {
      expect(Math.abs(value - (b[name]?.data[i] as number)) / scale, `${name} of ${network.about}`).toBeLessThan(1e-3); // a batch norm cancels most of what goes through it
    });
  }
  expect(await slopeError(own), network.about).toBeLessThan(3e-2);
  await Promise.all([own.program.dispose(), other.program.dispose()]);
}
