import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { addBias, type Conv2dOptions, conv2d } from '../../../engine/ops';
import { outputSize, type Sides, type Window, windowOf } from '../../../engine/ops/geometry';
import type { Scope, Shape } from '../../../nn';
import type { Activate } from '../activations';
import { type About, KerasModule, kind, onlyInput } from '../layer';
import { activate, activation, count, enginePadding, padding, pair } from './common';

const shared = {
  kernel_size: pair,
  strides: pair.default([1, 1]),
  padding: padding.default('valid'),
  dilation_rate: pair.default([1, 1]),
  activation,
  use_bias: z.boolean().default(true),
};
const conv = z.object({ ...shared, filters: count, groups: count.default(1) });
const depthwise = z.object({ ...shared, depth_multiplier: count.default(1) });
const separable = z.object({ ...shared, filters: count, depth_multiplier: count.default(1) });

type Shared = z.infer<z.ZodObject<typeof shared>>;
type Pair = readonly [number, number];
type Options = Pick<Conv2dOptions, 'strides' | 'padding' | 'dilations'>;

/** Convolutions, their bias and their activation: [N, C, H, W] → [N, outputs, H', W']. */
export abstract class Convolution extends KerasModule {
  protected readonly after: Activate;

  constructor(
    protected readonly config: Shared,
    protected readonly outputs: number,
    about: About,
  ) {
    super([onlyInput(about, 3)]);
    this.after = activate(config.activation, about);
  }

  /** Whether zeros that a layer before it puts around the maps may become its own. */
  get isValid(): boolean {
    return this.config.padding === 'valid';
  }

  protected get options(): Options {
    const { strides, padding, dilation_rate } = this.config;
    return { strides, padding: enginePadding(padding), dilations: dilation_rate };
  }

  protected abstract convolved(x: Tensor, scope: Scope, options: Options): Tensor;

  override apply([x]: readonly Tensor[], scope: Scope): Tensor {
    return this.convolved(x as Tensor, scope, this.options);
  }

  /** Of maps that are still to get these zeros around them. */
  applyPadded(x: Tensor, pads: Sides, scope: Scope): Tensor {
    return this.convolved(x, scope, { ...this.options, padding: pads });
  }

  protected finish(y: Tensor, scope: Scope): Tensor {
    return this.after(this.config.use_bias ? addBias(y, scope.tensor(this.nameOf('bias'))) : y);
  }

  override shapeOf([input]: readonly Shape[]): Shape {
    const [, height, width] = input as Shape;
    const size: Pair = [height as number, width as number];
    const { strides, padding, dilation_rate: dilations } = this.config;
    const window: Window = windowOf(size, this.config.kernel_size, { strides, padding: enginePadding(padding), dilations });
    return [this.outputs, ...outputSize(size, window)];
  }
}

/** kernel: Keras's [kh, kw, C / groups, O] → [O, C / groups, kh, kw] */
class Conv2D extends Convolution {
  readonly type: string;
  private readonly groups: number;

  constructor(config: z.infer<typeof conv>, about: About) {
    super(config, config.filters, about);
    const [kh, kw] = config.kernel_size;
    const input = (this.inputs[0]?.[0] as number) / config.groups;
    this.type = `Conv2D ${kh}×${kw}`;
    this.groups = config.groups;
    const fans = kh * kw * (input + config.filters / config.groups);
    this.variable(
      'kernel',
      [config.filters, input, kh, kw],
      { kind: 'uniform', bound: Math.sqrt(6 / fans) },
      { shape: [kh, kw, input, config.filters], order: [3, 2, 0, 1] },
    );
    if (config.use_bias) this.variable('bias', [config.filters], { kind: 'zeros' });
  }

  protected override convolved(x: Tensor, scope: Scope, options: Options): Tensor {
    const y = conv2d(x, scope.tensor(this.nameOf('kernel')), { ...options, groups: this.groups });
    return this.finish(y, scope);
  }
}

/** Keras's [kh, kw, C, m] → [C·m, 1, kh, kw]; output channel c·m + q is the q-th filter of input channel c. */
function depthwiseVariable(channels: number, [kh, kw]: Pair, multiplier: number) {
  return {
    shape: [channels * multiplier, 1, kh, kw],
    initial: { kind: 'uniform', bound: Math.sqrt(6 / (kh * kw * (channels + multiplier))) },
    there: { shape: [kh, kw, channels, multiplier], order: [2, 3, 0, 1] },
  } as const;
}

class DepthwiseConv2D extends Convolution {
  readonly type: string;

  constructor(config: z.infer<typeof depthwise>, about: About) {
    super(config, (onlyInput(about, 3)[0] as number) * config.depth_multiplier, about);
    const [kh, kw] = config.kernel_size;
    this.type = `DepthwiseConv2D ${kh}×${kw}`;
    const kernel = depthwiseVariable(this.inputs[0]?.[0] as number, config.kernel_size, config.depth_multiplier);
    this.variable('depthwise_kernel', kernel.shape, kernel.initial, { ...kernel.there, alias: 'kernel' }); // its name in Keras 3
    if (config.use_bias) this.variable('bias', [this.outputs], { kind: 'zeros' });
  }

  protected override convolved(x: Tensor, scope: Scope, options: Options): Tensor {
    const kernel = scope.tensor(this.nameOf('depthwise_kernel'));
    return this.finish(conv2d(x, kernel, { ...options, groups: x.shape[1] as number }), scope);
  }
}

/** Depthwise, then 1×1 to the filters; bias and activation come last. */
class SeparableConv2D extends Convolution {
  readonly type: string;

  constructor(config: z.infer<typeof separable>, about: About) {
    super(config, config.filters, about);
    const [kh, kw] = config.kernel_size;
    this.type = `SeparableConv2D ${kh}×${kw}`;
    const channels = this.inputs[0]?.[0] as number;
    const between = channels * config.depth_multiplier;
    const kernel = depthwiseVariable(channels, config.kernel_size, config.depth_multiplier);
    this.variable('depthwise_kernel', kernel.shape, kernel.initial, kernel.there);
    this.variable(
      'pointwise_kernel',
      [config.filters, between, 1, 1],
      { kind: 'uniform', bound: Math.sqrt(6 / (between + config.filters)) },
      { shape: [1, 1, between, config.filters], order: [3, 2, 0, 1] },
    );
    if (config.use_bias) this.variable('bias', [config.filters], { kind: 'zeros' });
  }

  protected override convolved(x: Tensor, scope: Scope, options: Options): Tensor {
    const between = conv2d(x, scope.tensor(this.nameOf('depthwise_kernel')), { ...options, groups: x.shape[1] as number });
    return this.finish(conv2d(between, scope.tensor(this.nameOf('pointwise_kernel')), { padding: 0 }), scope);
  }
}

export const convolutions = {
  Conv2D: kind(conv, (config, about) => new Conv2D(config, about)),
  DepthwiseConv2D: kind(depthwise, (config, about) => new DepthwiseConv2D(config, about)),
  SeparableConv2D: kind(separable, (config, about) => new SeparableConv2D(config, about)),
};
