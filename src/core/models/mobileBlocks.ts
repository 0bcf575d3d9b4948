import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../engine/ops';
import { BatchNorm, Conv2d, forwardAll, Module, type Padding, type Scope, type Shape } from '../nn';

/** What the convolutions of one network have in common. */
export interface Style {
  /** Undefined: half the kernel on each side. */
  readonly padding: Padding | undefined;
  readonly epsilon: number;
}

interface BlockShape {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
}

/** A chain of convolutions and norms, with its input added where nothing changes shape. */
abstract class MobileBlock extends Module {
  private readonly adds: boolean;

  constructor({ input, output, stride }: BlockShape) {
    super();
    this.adds = stride === 1 && input === output;
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    const layers = this.children.map(([, layer]) => layer);
    const y = forwardAll(layers, x, scope);
    return this.adds ? tf.add(y, x) : y;
  }

  override outputShape(input: Shape): Shape {
    return this.children.reduce((shape, [, layer]) => layer.outputShape(shape), input);
  }
}

/** Depthwise, then 1×1 (Howard et al. 2017, MobileNet): the first stage, where there is nothing to expand. */
export class DepthwiseSeparable extends MobileBlock {
  readonly type = 'DepthwiseSeparable';

  constructor(shape: BlockShape, { padding, epsilon }: Style) {
    super(shape);
    const { input, output, kernel, stride } = shape;
    this.child('conv_dw', new Conv2d(input, input, kernel, { stride, padding, groups: input }));
    this.child('bn1', new BatchNorm(input, { epsilon, activation: 'relu6' }));
    this.child('conv_pw', new Conv2d(input, output, 1));
    this.child('bn2', new BatchNorm(output, { epsilon }));
  }
}

/** 1×1 expansion, depthwise, linear 1×1 projection (Sandler et al. 2018, MobileNetV2, figure 3b). */
export class InvertedResidual extends MobileBlock {
  readonly type = 'InvertedResidual';

  constructor(shape: BlockShape & { readonly expansion: number }, { padding, epsilon }: Style) {
    super(shape);
    const { input, output, kernel, stride } = shape;
    const expanded = input * shape.expansion;
    this.child('conv_pw', new Conv2d(input, expanded, 1));
    this.child('bn1', new BatchNorm(expanded, { epsilon, activation: 'relu6' }));
    this.child('conv_dw', new Conv2d(expanded, expanded, kernel, { stride, padding, groups: expanded }));
    this.child('bn2', new BatchNorm(expanded, { epsilon, activation: 'relu6' }));
    this.child('conv_pwl', new Conv2d(expanded, output, 1));
    this.child('bn3', new BatchNorm(output, { epsilon }));
  }
}
