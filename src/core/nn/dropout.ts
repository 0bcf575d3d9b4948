import type { Tensor } from '@tensorflow/tfjs-core';
import { dropoutMask, tf } from '../engine/ops';
import { Module, type Scope, type Shape } from './module';

type Place = Pick<Module, 'path'>;

/** Drops a share of x in training, where the scope can; elsewhere gives x as it is. `path` is that of the layer that asks. */
export function drop(x: Tensor, scope: Scope, place: Place, rate: number, shape: Shape = x.shape): Tensor {
  const mask = maskOf(shape, scope, place, rate);
  return mask ? tf.mul(x, mask) : x;
}

function maskOf(shape: Shape, scope: Scope, { path }: Place, rate: number): Tensor | undefined {
  return scope.training && rate > 0 ? scope.dropout?.(path, rate, shape) : undefined;
}

/** What a training step offers its modules as `Scope.dropout`. A layer that is applied again drops other elements. key: int32 [2] */
export function dropoutUnder(key: Tensor): NonNullable<Scope['dropout']> {
  const uses = new Map<string, number>();
  return (path, rate, shape) => {
    const use = (uses.get(path) ?? 0) + 1;
    uses.set(path, use);
    return dropoutMask(shape, { name: use === 1 ? path : `${path}#${use}`, rate, key });
  };
}

/** Leaves out a share of its input in training, and lets the rest grow by 1 / (1 − rate), as PyTorch's. */
export class Dropout extends Module {
  override readonly drops: { rate: number };

  constructor(rate: number) {
    super();
    this.drops = { rate };
  }

  get type(): string {
    return `Dropout ${this.drops.rate}`;
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return drop(x, scope, this, this.drops.rate);
  }

  /** For what is multiplied elsewhere: 0 where something drops; undefined where nothing does. */
  mask(shape: Shape, scope: Scope): Tensor | undefined {
    return maskOf(shape, scope, this, this.drops.rate);
  }

  override outputShape(input: Shape): Shape {
    return input;
  }
}

/** All layers of a tree that drop something, whatever their rate. */
export function* droppingIn({ path, drops, children, unlisted }: Module): Generator<{ path: string; drops: { rate: number } }> {
  if (drops) yield { path, drops };
  for (const [, part] of [...children, ...unlisted]) yield* droppingIn(part);
}
