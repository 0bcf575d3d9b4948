import type { Tensor } from '@tensorflow/tfjs-core';
import { Module, type Scope, type Shape } from './module';

/** Modules one after another, named 0, 1, 2 … as PyTorch's nn.Sequential names them. */
export class Sequential extends Module {
  readonly type: string = 'Sequential';

  constructor(readonly items: readonly Module[]) {
    super();
    items.forEach((item, i) => {
      this.child(String(i), item);
    });
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return forwardAll(this.items, x, scope);
  }

  override outputShape(input: Shape): Shape {
    return this.items.reduce((shape, item) => item.outputShape(shape), input);
  }
}

/** The modules applied in order. */
export function forwardAll(modules: readonly Module[], x: Tensor, scope: Scope): Tensor {
  return modules.reduce((value, module) => module.forward(value, scope), x);
}
