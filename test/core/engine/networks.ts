import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorData, Tensors } from '../../../src/core/engine';
import {
  addBias,
  attention,
  averagePool2d,
  batchNorm,
  batchNormTraining,
  conv2d,
  gelu,
  geluTanh,
  globalAveragePool,
  hardSigmoid,
  hardSwish,
  layerNorm,
  linear,
  maxPool2d,
  relu,
  relu6,
  rmsNorm,
  sigmoid,
  silu,
} from '../../../src/core/engine/ops';
import { RandomStream } from '../../../src/core/random';
import { random, tensor } from './helpers';

type Layer = (x: Tensor, p: Tensors) => Tensor;
export interface Network {
  readonly about: string;
  /** Of what goes in: feature maps [N, C, H, W], or hidden states [S, N, D]. */
  readonly input: number[];
  readonly labels: Int32Array;
  readonly parameters: Map<string, TensorData>;
  readonly statistics: Map<string, TensorData>;
  readonly layers: Layer[];
}

const activations = { relu, relu6, silu, hardSwish, hardSigmoid, sigmoid };
const classes = 3;

/** Draws a convolutional network from the layers there are. The same seed gives the same one. */
export function drawConvolutional(seed: number): Network {
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
  const input = [n, channels, height, width];

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
  return { about: words.join(', '), input, labels, parameters, statistics, layers };
}

/** Draws a transformer, likewise. Hidden states are [S, N, D]. */
export function drawTransformer(seed: number): Network {
  const stream = new RandomStream(seed, 'transformer');
  const pick = <T>(...options: readonly T[]): T => options[Math.floor(stream.uniform() * options.length)] as T;
  const parameters = new Map<string, TensorData>();
  const statistics = new Map<string, TensorData>();
  const add = (kind: string, shape: number[], scale: number, shift = 0) => {
    const name = `${parameters.size}.${kind}`;
    parameters.set(name, random(shape, `transformer ${seed}/${name}`, scale, shift));
    return name;
  };
  const words: string[] = [];
  const layers: Layer[] = [];
  const push = (word: string, layer: Layer) => {
    words.push(word);
    layers.push(layer);
  };
  const of = (p: Tensors, name: string | undefined) => p[name as string] as Tensor;
  const [length, n, heads, each] = [pick(1, 3, 5, 8), pick(1, 2, 3), pick(1, 2, 3), pick(2, 4)];
  const features = heads * each;

  const dense = (inputs: number, outputs: number): Layer => {
    const weight = add('weight', [outputs, inputs], 1 / Math.sqrt(inputs));
    const bias = pick(true, false) ? add('bias', [outputs], 0.3) : undefined;
    return (x, p) => linear(x, of(p, weight), bias ? of(p, bias) : undefined);
  };
  const norm = () => {
    const [scale, offset] = [add('scale', [features], 0.2, 1), add('offset', [features], 0.3)];
    if (pick(true, false)) return push('layer norm', (x, p) => layerNorm(x, { scale: of(p, scale), offset: of(p, offset), epsilon: 1e-3 }));
    parameters.delete(offset);
    push('RMS norm', (x, p) => rmsNorm(x, { scale: of(p, scale), epsilon: 1e-3 }));
  };
  const attend = () => {
    const [q, k, v, out] = [0, 1, 2, 3].map(() => dense(features, features)) as [Layer, Layer, Layer, Layer];
    const causal = pick(true, false);
    const shape = pick(null, [n, 1, 1, length], [1, heads, length, length], [n, heads, 1, length]);
    const bias = shape ? add('bias', shape, 1) : undefined;
    push(`attention ${heads}×${each}${causal ? ' causal' : ''}${shape ? ` bias [${shape}]` : ''}`, (x, p) => {
      const options = { heads, scale: 1 / Math.sqrt(each), causal, bias: bias ? of(p, bias) : undefined };
      return x.add(out(attention(q(x, p), k(x, p), v(x, p), options), p));
    });
  };
  const feedForward = () => {
    const inner = pick(3, 8);
    const [wide, gate, narrow] = [dense(features, inner), dense(features, inner), dense(inner, features)];
    const [name, f] = pick(...Object.entries({ gelu, geluTanh, silu }));
    if (pick(true, false)) push(`gated ${name}`, (x, p) => x.add(narrow(f(gate(x, p)).mul(wide(x, p)), p)));
    else push(`feed forward ${name}`, (x, p) => x.add(narrow(f(wide(x, p)), p)));
  };
  for (let i = pick(2, 3, 5); i > 0; i--) pick(norm, attend, feedForward, attend)();
  const last = dense(features, classes);
  push('head', (x, p) => last(x.mean(0), p));
  const labels = Int32Array.from({ length: n }, () => pick(0, 1, 2));
  return { about: words.join(', '), input: [length, n, features], labels, parameters, statistics, layers };
}
