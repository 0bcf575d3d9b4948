import type { Tensor } from '@tensorflow/tfjs-core';
import { globalAveragePool, maxPool2d } from '../engine/ops';
import { Module, type Shape } from './module';

/** Mean over height and width: [N, C, H, W] → [N, C]. */
export class GlobalAveragePool extends Module {
  readonly type = 'Global average pool';

  override forward(x: Tensor): Tensor {
    return globalAveragePool(x);
  }

  override outputShape([channels]: Shape): Shape {
    return [channels as number];
  }
}

/** The largest of each window, padding never: [N, C, H, W] → [N, C, H', W']. */
export class MaxPool extends Module {
  readonly type: string;

  constructor(
    private readonly size: number,
    private readonly stride: number,
    private readonly padding: number,
  ) {
    super();
    this.type = `Max pool ${size}×${size}`;
  }

  override forward(x: Tensor): Tensor {
    return maxPool2d(x, { size: this.size, strides: this.stride, padding: this.padding });
  }

  override outputShape([channels, height, width]: Shape): Shape {
    const side = (length: number) => Math.floor((length + 2 * this.padding - this.size) / this.stride) + 1;
    return [channels as number, side(height as number), side(width as number)];
  }
}
