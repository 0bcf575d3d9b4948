import type { Tensor } from '@tensorflow/tfjs-core';
import { globalAveragePool } from '../engine/ops';
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
