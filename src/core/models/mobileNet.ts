import type { Tensor } from '@tensorflow/tfjs-core';
import { BatchNorm, Conv2d, forwardAll, GlobalAveragePool, Linear, Module, type Scope, Sequential, type Shape } from '../nn';
import { DepthwiseSeparable, InvertedResidual, type Style } from './mobileBlocks';

/** One row of a paper's table. */
export interface Stage {
  readonly kernel: number;
  readonly stride: number;
  /** 1: a depthwise separable block without expansion. */
  readonly expansion: number;
  readonly channels: number;
  readonly repeats: number;
}

export interface MobileNetOptions {
  readonly type: string;
  readonly stem: number;
  readonly stages: readonly Stage[];
  readonly features: number;
  readonly classes: number;
  readonly style: Style;
}

/**
 * Stem, stages of mobile blocks, head, pool, classifier: the frame of MobileNetV2 and EfficientNet-Lite, named as timm's
 * class EfficientNet names it. [N, 3, S, S] → [N, classes]; the feature maps shrink to ⌈S / 32⌉.
 */
export class MobileNet extends Module {
  readonly type: string;
  readonly chain: readonly Module[];
  private readonly stages: readonly Sequential[];

  constructor({ type, stem, stages, features, classes, style }: MobileNetOptions) {
    super();
    this.type = type;
    const { padding, epsilon } = style;
    const norm = (channels: number) => new BatchNorm(channels, { epsilon, activation: 'relu6' });

    const convStem = this.child('conv_stem', new Conv2d(3, stem, 3, { stride: 2, padding }));
    const bn1 = this.child('bn1', norm(stem));
    let channels = stem;
    this.stages = stages.map((stage) => {
      const built = stageOf(stage, channels, style);
      channels = stage.channels;
      return built;
    });
    this.child('blocks', new Sequential(this.stages));
    const convHead = this.child('conv_head', new Conv2d(channels, features, 1));
    const bn2 = this.child('bn2', norm(features));
    const pool = this.child('global_pool', new GlobalAveragePool());
    const classifier = this.child('classifier', new Linear(features, classes));
    this.chain = [convStem, bn1, ...this.stages.flatMap((stage) => stage.items), convHead, bn2, pool, classifier];
  }

  /** Paths of the blocks, known once the tree is rooted. */
  get blocks(): string[] {
    return this.stages.flatMap((stage) => stage.items.map((block) => block.path));
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return forwardAll(this.chain, x, scope);
  }

  override outputShape(input: Shape): Shape {
    return this.chain.reduce((shape, module) => module.outputShape(shape), input);
  }
}

/** Only a stage's first block has its stride and changes the number of channels. */
function stageOf({ kernel, stride, expansion, channels, repeats }: Stage, input: number, style: Style): Sequential {
  return new Sequential(
    Array.from({ length: repeats }, (_, i) => {
      const shape = { input: i === 0 ? input : channels, output: channels, kernel, stride: i === 0 ? stride : 1 };
      return expansion === 1 ? new DepthwiseSeparable(shape, style) : new InvertedResidual({ ...shape, expansion }, style);
    }),
  );
}
