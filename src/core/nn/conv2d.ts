import type { Tensor } from '@tensorflow/tfjs-core';
import { addBias, conv2d } from '../engine/ops';
import { Module, type Scope, type Shape } from './module';

/** TensorFlow's "same" (output = ⌈input / stride⌉, the odd pixel at the end) or pixels on each side. */
export type Padding = 'same' | number;

export interface Conv2dOptions {
  stride?: number;
  /** By default half the kernel on each side, PyTorch's custom. */
  padding?: Padding;
  groups?: number;
  bias?: boolean;
}

/** 2-D convolution, square kernel. weight: [out, in / groups, kernel, kernel]; bias: [out]. */
export class Conv2d extends Module {
  readonly type: string;
  private readonly stride: number;
  private readonly padding: Padding;
  private readonly groups: number;
  private readonly bias: boolean;

  constructor(
    input: number,
    private readonly output: number,
    private readonly kernel: number,
    { stride = 1, padding = Math.floor(kernel / 2), groups = 1, bias = false }: Conv2dOptions = {},
  ) {
    super();
    this.type = `${groups > 1 && groups === input ? 'Depthwise' : 'Conv2d'} ${kernel}×${kernel}`;
    this.stride = stride;
    this.padding = padding;
    this.groups = groups;
    this.bias = bias;
    this.parameter('weight', [output, input / groups, kernel, kernel], {
      kind: 'heNormal',
      fanOut: (kernel * kernel * output) / groups,
    });
    if (bias) this.parameter('bias', [output], { kind: 'zeros' });
  }

  /** x: [N, in, H, W] → [N, out, H', W'] */
  override forward(x: Tensor, scope: Scope): Tensor {
    const y = conv2d(x, scope.tensor(this.nameOf('weight')), { strides: this.stride, padding: this.padding, groups: this.groups });
    return this.bias ? addBias(y, scope.tensor(this.nameOf('bias'))) : y;
  }

  override outputShape([, height, width]: Shape): Shape {
    return [this.output, this.side(height as number), this.side(width as number)];
  }

  private side(input: number): number {
    if (this.padding === 'same') return Math.ceil(input / this.stride);
    return Math.floor((input + 2 * this.padding - this.kernel) / this.stride) + 1;
  }
}
