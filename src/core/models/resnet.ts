import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import type { ImageTarget } from '../data/target';
import { relu, tf } from '../engine/ops';
import {
  BatchNorm,
  Conv2d,
  forwardAll,
  GlobalAveragePool,
  Linear,
  MaxPool,
  Module,
  rooted,
  type Scope,
  Sequential,
  type Shape,
} from '../nn';
import type { ImageModel } from './model';
import { argumentsOf, imageNetDeviation, imageNetMean, type ModelSpec, timmConfig } from './spec';

type Four = readonly [number, number, number, number];

/** ResNet, table 1 (He et al. 2015, arXiv 1512.03385), and timm's 26. */
export const resnets: Readonly<Record<string, { bottleneck: boolean; layers: Four }>> = {
  resnet18: { bottleneck: false, layers: [2, 2, 2, 2] },
  resnet34: { bottleneck: false, layers: [3, 4, 6, 3] },
  resnet26: { bottleneck: true, layers: [2, 2, 2, 2] },
  resnet50: { bottleneck: true, layers: [3, 4, 6, 3] },
  resnet101: { bottleneck: true, layers: [3, 4, 23, 3] },
  resnet152: { bottleneck: true, layers: [3, 8, 36, 3] },
};

/** How many times wider a bottleneck's output is than its inner convolutions. */
export const expansion = 4;
const stem = 64;
const defaultChannels: Four = [64, 128, 256, 512];

interface BlockShape {
  readonly input: number;
  readonly output: number;
  readonly stride: number;
  readonly epsilon: number | undefined;
}

/** Convolutions whose result is added to the input, or to a 1×1 convolution of it where the shape changes; then ReLU. */
class ResidualBlock extends Module {
  private readonly convolutions: readonly Module[];
  private readonly downsample: Sequential | null;

  /** @param kernels of the convolutions, the inner ones `width` channels wide; the stride is the first 3×3's, as torchvision has it. */
  constructor(
    readonly type: 'BasicBlock' | 'Bottleneck',
    kernels: readonly number[],
    width: number,
    { input, output, stride, epsilon }: BlockShape,
  ) {
    super();
    const last = kernels.length - 1;
    const strided = kernels.indexOf(3);
    this.convolutions = kernels.flatMap((kernel, i) => {
      const [from, to] = [i === 0 ? input : width, i === last ? output : width];
      return [
        this.child(`conv${i + 1}`, new Conv2d(from, to, kernel, { stride: i === strided ? stride : 1 })),
        this.child(`bn${i + 1}`, new BatchNorm(to, { epsilon, activation: i === last ? 'none' : 'relu' })),
      ];
    });
    const changes = stride !== 1 || input !== output;
    const parts = () => [new Conv2d(input, output, 1, { stride }), new BatchNorm(output, { epsilon })];
    this.downsample = changes ? this.child('downsample', new Sequential(parts())) : null;
  }

  /** x: [N, in, H, W] → [N, out, H / stride, W / stride] */
  override forward(x: Tensor, scope: Scope): Tensor {
    const shortcut = this.downsample?.forward(x, scope) ?? x;
    return relu(tf.add(forwardAll(this.convolutions, x, scope), shortcut));
  }

  override outputShape(input: Shape): Shape {
    return this.convolutions.reduce((shape, layer) => layer.outputShape(shape), input);
  }

  override childInputs(input: Shape): Shape[] {
    const inputs = super.childInputs(input);
    return this.downsample ? [...inputs.slice(0, -1), input] : inputs;
  }
}

interface Size {
  readonly bottleneck: boolean;
  readonly layers: Four;
  /** Of the inner convolutions. */
  readonly channels: Four;
}

/** A 7×7 stem, a max pool, four stages of residual blocks, pool, classifier; named as in torchvision and timm. [N, 3, S, S] → [N, classes] */
class ResNet extends Module {
  readonly type = 'ResNet';
  readonly chain: readonly Module[];
  readonly stages: readonly Sequential[];
  readonly features: number;

  constructor({ bottleneck, layers, channels }: Size, classes: number, epsilon: number | undefined) {
    super();
    const conv1 = this.child('conv1', new Conv2d(3, stem, 7, { stride: 2 }));
    const bn1 = this.child('bn1', new BatchNorm(stem, { epsilon, activation: 'relu' }));
    const maxpool = this.child('maxpool', new MaxPool(3, 2, 1));
    let input = stem;
    this.stages = channels.map((width, stage) => {
      const output = bottleneck ? expansion * width : width;
      const blocks = Array.from({ length: layers[stage] as number }, (_, i) => {
        const shape = { input, output, stride: i === 0 && stage > 0 ? 2 : 1, epsilon };
        input = output;
        return bottleneck
          ? new ResidualBlock('Bottleneck', [1, 3, 1], width, shape)
          : new ResidualBlock('BasicBlock', [3, 3], width, shape);
      });
      return this.child(`layer${stage + 1}`, new Sequential(blocks));
    });
    this.features = input;
    const pool = this.child('global_pool', new GlobalAveragePool());
    const fc = this.child('fc', new Linear(input, classes));
    this.chain = [conv1, bn1, maxpool, ...this.stages.flatMap((stage) => stage.items), pool, fc];
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return forwardAll(this.chain, x, scope);
  }

  override outputShape(input: Shape): Shape {
    return this.chain.reduce((shape, module) => module.outputShape(shape), input);
  }
}

const defaultInput: ImageTarget = { size: 224, crop: 0.95, interpolation: 'bicubic', mean: imageNetMean, std: imageNetDeviation };
const four = z.tuple([z.int().min(1), z.int().min(1), z.int().min(1), z.int().min(1)]);

export function resnetFamily(spec: ModelSpec): ImageModel | null {
  const known = Object.hasOwn(resnets, spec.architecture) ? resnets[spec.architecture] : undefined;
  if (!known) return null;
  const { layers = known.layers, channels = defaultChannels } = argumentsOf(spec, 'avg', { layers: four, channels: four });
  const root = rooted(new ResNet({ bottleneck: known.bottleneck, layers, channels }, spec.classes, spec.epsilon));
  const input = { ...defaultInput, ...(spec.architecture === 'resnet26' && { crop: 0.875 }), ...spec.input };
  return {
    architecture: spec.architecture,
    title: `ResNet-${spec.architecture.replace('resnet', '')}`,
    family: 'resnet',
    root,
    chain: root.chain,
    input,
    classes: spec.classes,
    head: 'fc',
    blocks: root.stages.flatMap((stage) => stage.items.map((block) => block.path)),
    config: timmConfig(spec, { input, features: root.features, firstConv: 'conv1', classifier: 'fc' }),
  };
}

/** Hugging Face's names (transformers, ResNetForImageClassification) → timm's. */
export function resnetTransformersNames({ bottleneck, layers }: Pick<Size, 'bottleneck' | 'layers'>): Map<string, string> {
  const names = new Map<string, string>();
  const layer = (theirs: string, convolution: string, norm: string) => {
    names.set(`resnet.${theirs}.convolution.weight`, `${convolution}.weight`);
    for (const key of ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'])
      names.set(`resnet.${theirs}.normalization.${key}`, `${norm}.${key}`);
  };
  layer('embedder.embedder', 'conv1', 'bn1');
  layers.forEach((repeats, stage) => {
    for (let i = 0; i < repeats; i++) {
      const [theirs, ours] = [`encoder.stages.${stage}.layers.${i}`, `layer${stage + 1}.${i}`];
      for (let k = 0; k < (bottleneck ? 3 : 2); k++) layer(`${theirs}.layer.${k}`, `${ours}.conv${k + 1}`, `${ours}.bn${k + 1}`);
      layer(`${theirs}.shortcut`, `${ours}.downsample.0`, `${ours}.downsample.1`);
    }
  });
  for (const key of ['weight', 'bias']) names.set(`classifier.1.${key}`, `fc.${key}`);
  return names;
}

/** timm's name and model_args of a network whose stages end with these channels; null for widths that no bottleneck has. */
export function resnetNamed(bottleneck: boolean, layers: Four, outputs: Four): Pick<ModelSpec, 'architecture' | 'args'> | null {
  const channels = bottleneck ? outputs.map((output) => output / expansion) : [...outputs];
  if (!channels.every(Number.isInteger)) return null;
  const isSame = (a: readonly number[], b: readonly number[]) => a.join() === b.join();
  const named = Object.entries(resnets).find(([, known]) => known.bottleneck === bottleneck && isSame(known.layers, layers));
  const args = { ...(!named && { layers: [...layers] }), ...(!isSame(channels, defaultChannels) && { channels }) };
  return { architecture: named?.[0] ?? (bottleneck ? 'resnet50' : 'resnet18'), args };
}
