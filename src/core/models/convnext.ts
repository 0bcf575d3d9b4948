import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import type { ImageTarget } from '../data/target';
import { gelu, layerNorm, linear, tf } from '../engine/ops';
import { Conv2d, forwardAll, GlobalAveragePool, Group, LayerNorm, Linear, Module, rooted, type Scope, Sequential, type Shape } from '../nn';
import type { ImageModel } from './model';
import { argumentsOf, imageNetDeviation, imageNetMean, type ModelSpec, timmConfig } from './spec';

type Four = readonly [number, number, number, number];

/** ConvNeXt, section 3 (Liu et al. 2022, arXiv 2201.03545), and timm's smaller ones, whose inner layers are 1×1 convolutions. */
export const convnexts: Readonly<Record<string, { depths: Four; dims: Four; convolutional?: boolean }>> = {
  convnext_atto: { depths: [2, 2, 6, 2], dims: [40, 80, 160, 320], convolutional: true },
  convnext_femto: { depths: [2, 2, 6, 2], dims: [48, 96, 192, 384], convolutional: true },
  convnext_pico: { depths: [2, 2, 6, 2], dims: [64, 128, 256, 512], convolutional: true },
  convnext_nano: { depths: [2, 2, 8, 2], dims: [80, 160, 320, 640], convolutional: true },
  convnext_tiny: { depths: [3, 3, 9, 3], dims: [96, 192, 384, 768] },
  convnext_small: { depths: [3, 3, 27, 3], dims: [96, 192, 384, 768] },
  convnext_base: { depths: [3, 3, 27, 3], dims: [128, 256, 512, 1024] },
  convnext_large: { depths: [3, 3, 27, 3], dims: [192, 384, 768, 1536] },
  convnext_xlarge: { depths: [3, 3, 27, 3], dims: [256, 512, 1024, 2048] },
};

const epsilon = 1e-6;
const initial = { kind: 'normal', deviation: 0.02 } as const;

/** [N, C, H, W] → [N, H, W, C] and back */
const channelsLast = (x: Tensor) => tf.transpose(x, [0, 2, 3, 1]);
const channelsSecond = (x: Tensor) => tf.transpose(x, [0, 3, 1, 2]);

/** Layer norm over the channels at each position. [N, C, H, W] → the same shape */
class LayerNorm2d extends Module {
  readonly type = 'LayerNorm2d';

  constructor(channels: number) {
    super();
    this.parameter('weight', [channels], { kind: 'ones' });
    this.parameter('bias', [channels], { kind: 'zeros' });
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    const [scale, offset] = [scope.tensor(this.nameOf('weight')), scope.tensor(this.nameOf('bias'))];
    return channelsSecond(layerNorm(channelsLast(x), { scale, offset, epsilon }));
  }

  override outputShape(input: Shape): Shape {
    return input;
  }
}

/** A 1×1 convolution, computed as a linear layer where the channels stand last. weight: [out, in, 1, 1] */
class Pointwise extends Module {
  readonly type = 'Conv2d 1×1';

  constructor(
    private readonly input: number,
    private readonly output: number,
  ) {
    super();
    this.parameter('weight', [output, input, 1, 1], initial);
    this.parameter('bias', [output], { kind: 'zeros' });
  }

  /** x: […, in] → […, out] */
  override forward(x: Tensor, scope: Scope): Tensor {
    const weight = tf.reshape(scope.tensor(this.nameOf('weight')), [this.output, this.input]);
    return linear(x, weight, scope.tensor(this.nameOf('bias')));
  }

  override outputShape(input: Shape): Shape {
    return [this.output, ...input.slice(1)];
  }
}

/** 7×7 depthwise, layer norm, two linear layers with GELU between, scaled channel by channel and added to what came in. */
class ConvNextBlock extends Module {
  readonly type = 'ConvNeXtBlock';
  private readonly depthwise: Conv2d;
  private readonly norm: LayerNorm;
  private readonly fc1: Module;
  private readonly fc2: Module;

  constructor(
    channels: number,
    convolutional: boolean,
    private readonly scaled: boolean,
  ) {
    super();
    if (scaled) this.parameter('gamma', [channels], { kind: 'constant', value: 1e-6 });
    this.depthwise = this.child('conv_dw', new Conv2d(channels, channels, 7, { groups: channels, bias: true }));
    this.norm = this.child('norm', new LayerNorm(channels, epsilon));
    const dense = (input: number, output: number) =>
      convolutional ? new Pointwise(input, output) : new Linear(input, output, { initial });
    this.fc1 = dense(channels, 4 * channels);
    this.fc2 = dense(4 * channels, channels);
    this.child('mlp', new Group('Mlp', { fc1: this.fc1, fc2: this.fc2 }));
  }

  /** x: [N, C, H, W] → the same shape */
  override forward(x: Tensor, scope: Scope): Tensor {
    const normed = this.norm.forward(channelsLast(this.depthwise.forward(x, scope)), scope); // [N, H, W, C]
    const y = this.fc2.forward(gelu(this.fc1.forward(normed, scope)), scope);
    const gamma = this.scaled ? scope.tensor(this.nameOf('gamma')) : null;
    return tf.add(channelsSecond(gamma ? tf.mul(y, gamma) : y), x);
  }

  override outputShape(input: Shape): Shape {
    return input;
  }

  /** Linear layers see the channels last, as the norm before them does where it is timm's. */
  override childInputs(input: Shape): Shape[] {
    const [channels, height, width] = input as [number, number, number];
    const last = this.fc1 instanceof Linear ? [height, width, channels] : input;
    return [input, last, last];
  }
}

interface Size {
  readonly depths: Four;
  readonly dims: Four;
  readonly convolutional: boolean;
  readonly scaled: boolean;
}

/** Patches of 4×4, four stages between halvings, pool, norm, classifier; named as in timm. [N, 3, S, S] → [N, classes] */
class ConvNext extends Module {
  readonly type = 'ConvNeXt';
  readonly chain: readonly Module[];
  readonly blocks: readonly ConvNextBlock[];

  constructor({ depths, dims, convolutional, scaled }: Size, classes: number) {
    super();
    const stem = this.child(
      'stem',
      new Sequential([new Conv2d(3, dims[0], 4, { stride: 4, padding: 0, bias: true }), new LayerNorm2d(dims[0])]),
    );
    const stages = depths.map((depth, i) => {
      const blocks = Array.from({ length: depth }, () => new ConvNextBlock(dims[i] as number, convolutional, scaled));
      const [from, to] = [dims[i - 1], dims[i] as number];
      const halving = from ? new Sequential([new LayerNorm2d(from), new Conv2d(from, to, 2, { stride: 2, padding: 0, bias: true })]) : null;
      return { halving, blocks };
    });
    const parts = stages.map(({ halving, blocks }): Module => {
      const inside = new Sequential(blocks);
      return new Group('ConvNeXtStage', halving ? { downsample: halving, blocks: inside } : { blocks: inside });
    });
    this.child('stages', new Sequential(parts));
    const [pool, norm, fc] = [new GlobalAveragePool(), new LayerNorm(dims[3], epsilon), new Linear(dims[3], classes, { initial })];
    this.child('head', new Group('Head', { global_pool: pool, norm, fc }));
    this.blocks = stages.flatMap(({ blocks }) => blocks);
    this.chain = [...stem.items, ...stages.flatMap(({ halving, blocks }) => [...(halving?.items ?? []), ...blocks]), pool, norm, fc];
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return forwardAll(this.chain, x, scope);
  }

  override outputShape(input: Shape): Shape {
    return this.chain.reduce((shape, module) => module.outputShape(shape), input);
  }
}

const defaultInput: ImageTarget = { size: 224, crop: 0.875, interpolation: 'bicubic', mean: imageNetMean, std: imageNetDeviation };
const count = z.int().min(1);
const four = z.tuple([count, count, count, count]);
const known = {
  depths: four,
  dims: four,
  ls_init_value: z.number().nullable(),
  head_init_scale: z.number(),
  // What follows is as it always is here; another value is another network.
  conv_mlp: z.boolean(),
  conv_bias: z.literal(true),
  patch_size: z.literal(4),
  kernel_sizes: z.literal(7),
  stem_type: z.literal('patch'),
  use_grn: z.literal(false),
  head_norm_first: z.literal(false),
  head_hidden_size: z.null(),
  norm_eps: z.literal(epsilon).nullable(),
};

export function convnextFamily(spec: ModelSpec): ImageModel | null {
  const named = Object.hasOwn(convnexts, spec.architecture) ? convnexts[spec.architecture] : undefined;
  if (!named) return null;
  const args = argumentsOf(spec, 'avg', known);
  const { depths = named.depths, dims = named.dims, conv_mlp: convolutional = named.convolutional ?? false } = args;
  const root = rooted(new ConvNext({ depths, dims, convolutional, scaled: args.ls_init_value !== null }, spec.classes));
  const crop = ['convnext_tiny', 'convnext_small', 'convnext_nano'].includes(spec.architecture) ? 0.95 : 0.875;
  const input = { ...defaultInput, crop, ...spec.input };
  return {
    architecture: spec.architecture,
    title: `ConvNeXt-${spec.architecture.replace('convnext_', '').replace(/^./, (first) => first.toUpperCase())}`,
    family: 'convnext',
    root,
    chain: root.chain,
    input,
    classes: spec.classes,
    head: 'head.fc',
    blocks: root.blocks.map((block) => block.path),
    config: timmConfig(spec, { input, features: dims[3], firstConv: 'stem.0', classifier: 'head.fc' }),
  };
}

/** timm's name and model_args of a network of these sizes with linear inner layers. */
export function convnextNamed(depths: Four, dims: Four, scaled: boolean): Pick<ModelSpec, 'architecture' | 'args'> {
  const isSame = (a: readonly number[], b: readonly number[]) => a.join() === b.join();
  const named = Object.entries(convnexts).find(([, n]) => !n.convolutional && isSame(n.depths, depths) && isSame(n.dims, dims));
  const args = { ...(!named && { depths: [...depths], dims: [...dims] }), ...(!scaled && { ls_init_value: null }) };
  return { architecture: named?.[0] ?? 'convnext_tiny', args };
}

/** Hugging Face's names (transformers, ConvNextForImageClassification) → timm's. */
export function convnextTransformersNames(depths: readonly number[]): Map<string, string> {
  const names = new Map<string, string>();
  const both = (theirs: string, ours: string) => {
    for (const key of ['weight', 'bias']) names.set(`${theirs}.${key}`, `${ours}.${key}`);
  };
  both('convnext.embeddings.patch_embeddings', 'stem.0');
  both('convnext.embeddings.layernorm', 'stem.1');
  depths.forEach((depth, stage) => {
    const [theirs, ours] = [`convnext.encoder.stages.${stage}`, `stages.${stage}`];
    for (const i of [0, 1]) both(`${theirs}.downsampling_layer.${i}`, `${ours}.downsample.${i}`);
    for (let i = 0; i < depth; i++) {
      const [layer, block] = [`${theirs}.layers.${i}`, `${ours}.blocks.${i}`];
      names.set(`${layer}.layer_scale_parameter`, `${block}.gamma`);
      both(`${layer}.dwconv`, `${block}.conv_dw`);
      both(`${layer}.layernorm`, `${block}.norm`);
      both(`${layer}.pwconv1`, `${block}.mlp.fc1`);
      both(`${layer}.pwconv2`, `${block}.mlp.fc2`);
    }
  });
  both('convnext.layernorm', 'head.norm');
  both('classifier', 'head.fc');
  return names;
}
