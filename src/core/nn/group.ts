import type { Tensor } from '@tensorflow/tfjs-core';
import { Module, type Shape } from './module';

/**
 * A part of the tree that only gives its children a common name and is never run itself: `encoder` of `encoder.layer.3`,
 * `attention.self` of `attention.self.query`. The module above it calls the children.
 */
export class Group extends Module {
  constructor(
    readonly type: string,
    parts: Readonly<Record<string, Module>>,
    /** The shape after the group, and what each part is given; by default they stand in a row. */
    private readonly shapes: { output?: (input: Shape) => Shape; inputs?: (input: Shape) => Shape[] } = {},
  ) {
    super();
    for (const [key, part] of Object.entries(parts)) this.child(key, part);
  }

  override forward(): Tensor {
    throw new Error(`${this.path} is run by the module above it`);
  }

  override outputShape(input: Shape): Shape {
    if (this.shapes.output) return this.shapes.output(input);
    return this.children.reduce((shape, [, child]) => child.outputShape(shape), input);
  }

  override childInputs(input: Shape): Shape[] {
    return this.shapes.inputs?.(input) ?? super.childInputs(input);
  }
}
