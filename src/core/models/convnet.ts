import type { Tensor } from '@tensorflow/tfjs-core';
import type { ImageTarget } from '../data/target';
import { tf } from '../engine/ops';
import { BatchNorm, Conv2d, forwardAll, GlobalAveragePool, Linear, Module, rooted, type Scope, Sequential, type Shape } from '../nn';
import type { ImageModel } from './model';
import { argumentsOf, half, type ModelSpec, timmConfig } from './spec';

/** Four halvings: a picture of 96 pixels ends as 6 × 6. */
const channels = [16, 32, 64, 128] as const;

const input: ImageTarget = { size: 96, crop: 1, interpolation: 'bilinear', mean: half, std: half };

/** [N, in, H, W] → [N, out, H/2, W/2]: a convolution that halves, then one around which its input is added. */
class Stage extends Module {
  readonly type = 'ResidualStage';
  private readonly halving: readonly Module[];
  private readonly residual: readonly Module[];

  constructor(input: number, output: number) {
    super();
    this.halving = [
      this.child('conv1', new Conv2d(input, output, 3, { stride: 2 })),
      this.child('bn1', new BatchNorm(output, { activation: 'relu' })),
    ];
    this.residual = [this.child('conv2', new Conv2d(output, output, 3)), this.child('bn2', new BatchNorm(output, { activation: 'relu' }))];
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    const halved = forwardAll(this.halving, x, scope);
    return tf.add(halved, forwardAll(this.residual, halved, scope));
  }

  override outputShape(input: Shape): Shape {
    return this.children.reduce((shape, [, layer]) => layer.outputShape(shape), input);
  }
}

/** A small residual network that learns from scratch on a few hundred pictures. [N, 3, S, S] → [N, classes] */
class ConvNet extends Module {
  readonly type = 'ConvNet';
  readonly stages: readonly Stage[];
  readonly chain: readonly Module[];

  constructor(classes: number) {
    super();
    this.stages = channels.map((output, i) => new Stage(channels[i - 1] ?? 3, output));
    this.child('stages', new Sequential(this.stages));
    const pool = this.child('global_pool', new GlobalAveragePool());
    const classifier = this.child('classifier', new Linear(channels[3], classes));
    this.chain = [...this.stages, pool, classifier];
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return forwardAll(this.chain, x, scope);
  }

  override outputShape(input: Shape): Shape {
    return this.chain.reduce((shape, module) => module.outputShape(shape), input);
  }
}

/** `convnet_small`: Thaw's own, in timm's layout on disk but unknown to timm. */
export function convnetFamily(spec: ModelSpec): ImageModel | null {
  if (spec.architecture !== 'convnet_small') return null;
  argumentsOf(spec, 'avg', {});
  const root = rooted(new ConvNet(spec.classes));
  const target = { ...input, ...spec.input };
  return {
    architecture: spec.architecture,
    title: 'Small ConvNet',
    family: 'convnet',
    root,
    chain: root.chain,
    input: target,
    classes: spec.classes,
    head: 'classifier',
    blocks: root.stages.map((stage) => stage.path),
    config: timmConfig(spec, { input: target, features: channels[3], firstConv: 'stages.0.conv1' }),
  };
}
