import type { Tensor } from '@tensorflow/tfjs-core';
import { dropout } from '../engine/ops';
import { Module, type Scope, type Shape } from './module';

/** Drops a share of x in training, where the scope can; elsewhere gives x as it is. `path` is that of the layer that asks. */
export function drop(x: Tensor, scope: Scope, { path }: Module, rate: number, shape?: Shape): Tensor {
  return scope.training && rate > 0 && scope.dropout ? scope.dropout(path, x, rate, shape) : x;
}

/** What a training step offers its modules as `Scope.dropout`. A layer that is applied again drops other elements. key: int32 [2] */
export function dropoutUnder(key: Tensor): NonNullable<Scope['dropout']> {
  const uses = new Map<string, number>();
  return (path, x, rate, shape) => {
    const use = (uses.get(path) ?? 0) + 1;
    uses.set(path, use);
    return dropout(x, { name: use === 1 ? path : `${path}#${use}`, rate, key, ...(shape && { shape }) });
  };
}

/** Leaves out a share of its input in training, and lets the rest grow by 1 / (1 − rate), as PyTorch's. */
export class Dropout extends Module {
  readonly type: string;
  override readonly isNoisy: boolean;

  constructor(private readonly rate: number) {
    super();
    this.type = `Dropout ${rate}`;
    this.isNoisy = rate > 0;
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return drop(x, scope, this, this.rate);
  }

  override outputShape(input: Shape): Shape {
    return input;
  }
}
