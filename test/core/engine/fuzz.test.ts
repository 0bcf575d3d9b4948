import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { Engine, ProgramSpec, TensorData, Tensors } from '../../../src/core/engine';
import {
  addBias,
  averagePool2d,
  batchNorm,
  batchNormTraining,
  conv2d,
  globalAveragePool,
  hardSigmoid,
  hardSwish,
  linear,
  maxPool2d,
  relu,
  relu6,
  sigmoid,
  silu,
  softmaxCrossEntropy,
  valueAndGradients,
} from '../../../src/core/engine/ops';
import { RandomStream } from '../../../src/core/random';
import { engine, layouts, peer, random, tensor } from './helpers';

type Layer = (x: Tensor, p: Tensors) => Tensor;
interface Network {
  readonly about: string;
  readonly image: number[];
  readonly labels: Int32Array;
  readonly parameters: Map<string, TensorData>;
  readonly statistics: Map<string, TensorData>;
  readonly layers: Layer[];
}

const activations = { relu, relu6, silu, hardSwish, hardSigmoid, sigmoid };
const classes = 3;

/** Draws a network from the layers there are. The same seed gives the same one. */
function draw(seed: number): Network {
  const stream = new RandomStream(seed, 'network');
  const pick = <T>(...options: readonly T[]): T => options[Math.floor(stream.uniform() * options.length)] as T;
  const parameters = new Map<string, TensorData>();
  const statistics = new Map<string, TensorData>();
  const add = (kind: string, shape: number[], scale: number, shift = 0) => {
    const name = `${parameters.size}.${kind}`;
    parameters.set(name, random(shape, `${seed}/${name}`, scale, shift));
    return name;
  };
  const words: string[] = [];
  const layers: Layer[] = [];
  const push = (word: string, layer: Layer) => {
    words.push(word);
    layers.push(layer);
  };
  const n = pick(1, 2, 3);
  let channels = pick(1, 2, 4, 6);
  let [height, width] = [pick(5, 6, 9), pick(5, 7, 8)];
  const image = [n, channels, height, width];

  const shrink = (stride: number) => {
    height = Math.ceil(height / stride);
    width = Math.ceil(width / stride);
  };
  const convolution = () => {
    const groups = pick(1, 1, channels, channels % 2 === 0 ? 2 : 1);
    const outputs = groups * pick(1, 2, groups === 1 ? 5 : 1);
    const [size, strides, dilations] = pick([1, 1, 1], [3, 1, 1], [3, 2, 1], [2, 1, 1], [1, 2, 1], [3, 1, 2]);
    const name = add('filter', [outputs, channels / groups, size, size], 1 / Math.sqrt((size * size * channels) / groups));
    push(`conv ${size}×${size}/${strides} groups ${groups} dilation ${dilations}`, (x, p) =>
      conv2d(x, p[name] as Tensor, { strides, padding: 'same', groups, dilations }),
    );
    channels = outputs;
    shrink(strides);
  };
  const bias = () => {
    const name = add('bias', [channels], 0.3);
    push('bias', (x, p) => addBias(x, p[name] as Tensor));
  };
  const norm = () => {
    const [scale, offset] = [add('scale', [channels], 0.2, 1), add('offset', [channels], 0.3)];
    const affine = (p: Tensors) => ({ scale: p[scale] as Tensor, offset: p[offset] as Tensor, epsilon: 1e-2 });
    if (pick(true, false) && n * height * width >= 8) return push('norm', (x, p) => batchNormTraining(x, affine(p)).y);
    const [mean, variance] = [`${scale}.mean`, `${scale}.variance`];
    statistics.set(mean, random([channels], mean, 0.3));
    const spread = random([channels], variance, 0.3).data.map((value) => 0.5 + Math.abs(value));
    statistics.set(variance, tensor([channels], spread));
    push('frozen norm', (x, p) => batchNorm(x, { ...affine(p), mean: p[mean] as Tensor, variance: p[variance] as Tensor }));
  };
  const activation = () => {
    const name = pick(...(Object.keys(activations) as (keyof typeof activations)[]));
    push(name, (x) => activations[name](x));
  };
  const pool = () => {
    const options = { size: pick(2, 3), strides: pick(1, 2), padding: 'same' } as const;
    const kind = pick('max', 'average');
    push(`${kind} pool ${options.size}/${options.strides}`, (x) => (kind === 'max' ? maxPool2d(x, options) : averagePool2d(x, options)));
    shrink(options.strides);
  };
  const residual = () => {
    const name = add('filter', [channels, channels, 1, 1], 1 / Math.sqrt(channels));
    push('residual', (x, p) => x.add(silu(conv2d(x, p[name] as Tensor, { padding: 0 }))));
  };

  convolution();
  for (let i = pick(2, 4, 6); i > 0; i--) pick(convolution, bias, norm, activation, pool, residual)();
  const [weight, last] = [add('weight', [classes, channels], 0.7), add('bias', [classes], 0.3)];
  push('head', (x, p) => linear(globalAveragePool(x), p[weight] as Tensor, p[last]));
  const labels = Int32Array.from({ length: n }, () => pick(0, 1, 2));
  return { about: words.join(', '), image, labels, parameters, statistics, layers };
}

/** Losses per example and the gradients of their sum; parameters are state, so that they can be moved. */
async function compiled(on: Pick<Engine, 'compile'>, { image, labels, parameters, statistics, layers }: Network) {
  const names = [...parameters.keys()];
  const spec: ProgramSpec = {
    state: new Map([...parameters, ['x', random(image, 'x')]]),
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

const cases = layouts.flatMap((layout) => Array.from({ length: 24 }, (_, seed) => [seed, layout] as const));
it.each(cases)('random network %i, %s: two engines agree, and with differences', async (seed, layout) => {
  const network = draw(seed);
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
});
