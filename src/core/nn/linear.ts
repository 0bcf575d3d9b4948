import type { Tensor } from '@tensorflow/tfjs-core';
import { linear, tf } from '../engine/ops';
import { type Activation, activate } from './activation';
import { drop } from './dropout';
import type { Embedding } from './embedding';
import { type Initial, Module, rooted, type Scope, type Shape } from './module';

export interface LinearOptions {
  readonly bias?: boolean;
  readonly activation?: Activation;
  /** First values of the weight; PyTorch's by default. */
  readonly initial?: Initial;
  /** The weight is [in, out], as transformers' `Conv1D` has it. */
  readonly inputFirst?: boolean;
}

/** A low-rank adapter (Hu et al. 2021): the layer gives W·x + scale·B·A·x, and only A and B learn. */
export interface Adapter {
  readonly rank: number;
  /** α / rank; α / √rank with rsLoRA (Kalajdzievski 2023). */
  readonly scale: number;
  /** Share of x that A does not see in a training step. */
  readonly dropout?: number;
}

/** x Wᵀ + b. weight: [out, in], or [in, out] with `inputFirst`; bias: [out]; drawn as PyTorch does. */
export class Linear extends Module {
  readonly type: string = 'Linear';
  private readonly activation: Activation;
  private readonly hasBias: boolean;
  /** The weight is [in, out]. */
  readonly inputFirst: boolean;
  private parts: { readonly down: Linear; readonly up: Linear; readonly scale: number; readonly dropout: number } | null = null;

  constructor(
    readonly input: number,
    readonly output: number,
    { bias = true, activation = 'none', initial, inputFirst = false }: LinearOptions = {},
  ) {
    super();
    const bound = 1 / Math.sqrt(input);
    this.activation = activation;
    this.hasBias = bias;
    this.inputFirst = inputFirst;
    this.parameter('weight', inputFirst ? [input, output] : [output, input], initial ?? { kind: 'uniform', bound });
    if (bias) this.parameter('bias', [output], initial ? { kind: 'zeros' } : { kind: 'uniform', bound });
  }

  /** Adds the parameters `lora_A.weight` [rank, in] and `lora_B.weight` [out, rank], named as PEFT names them. B begins with zeros. */
  adapt({ rank, scale, dropout = 0 }: Adapter): void {
    if (this.parts) throw new Error(`${this.path} has an adapter already`);
    this.parts = {
      down: this.child('lora_A', new AdapterPart(this.input, rank, { bias: false })),
      up: this.child('lora_B', new AdapterPart(rank, this.output, { bias: false, initial: { kind: 'zeros' } })),
      scale,
      dropout,
    };
    rooted(this, this.path);
  }

  /** Takes the adapter away again. */
  unadapt(): void {
    if (!this.parts) return;
    this.parts = null;
    this.children.length = 0;
  }

  get adapter(): Adapter | null {
    if (!this.parts) return null;
    const { down, scale, dropout } = this.parts;
    return { rank: down.output, scale, dropout };
  }

  /** x: […, in] → […, out] */
  override forward(x: Tensor, scope: Scope): Tensor {
    const weight = scope.tensor(this.nameOf('weight'));
    const y = linear(x, this.inputFirst ? tf.transpose(weight) : weight, this.hasBias ? scope.tensor(this.nameOf('bias')) : undefined);
    return activate(this.parts ? this.adapted(x, y, scope) : y, this.activation);
  }

  private adapted(x: Tensor, y: Tensor, scope: Scope): Tensor {
    const { down, up, scale, dropout } = this.parts as NonNullable<typeof this.parts>;
    return tf.add(up.forward(tf.mul(down.forward(drop(x, scope, this, dropout), scope), scale), scope), y);
  }

  override outputShape(input: Shape): Shape {
    return [...input.slice(0, -1), this.output];
  }

  override childInputs(input: Shape): Shape[] {
    const { down } = this.parts ?? {};
    return down ? [input, down.outputShape(input)] : [];
  }
}

/** A or B of an adapter. */
class AdapterPart extends Linear {
  override readonly type = 'LoRA';
}

/** All linear layers of a tree, in its order; adapters are parts of theirs. */
export function* linearsOf(module: Module): Generator<Linear> {
  if (module instanceof Linear) yield module;
  else for (const [, child] of module.children) yield* linearsOf(child);
}

/** x·Tᵀ + b, where T is the table of an embedding elsewhere: an output layer that shares the input's weights. bias: [rows] */
export class TiedLinear extends Module {
  readonly type = 'Linear (tied)';
  private readonly table: Embedding;

  constructor(
    table: Embedding,
    private readonly options: { readonly bias?: boolean /** x is multiplied by it first. */; readonly scale?: number } = {},
  ) {
    super();
    this.table = this.borrow(table);
    if (options.bias) this.parameter('bias', [table.rows], { kind: 'zeros' });
  }

  /** x: […, features] → […, rows] */
  override forward(x: Tensor, scope: Scope): Tensor {
    const { bias = false, scale = 1 } = this.options;
    const given = scale === 1 ? x : tf.mul(x, scale);
    return linear(given, scope.tensor(this.table.nameOf('weight')), bias ? scope.tensor(this.nameOf('bias')) : undefined);
  }

  override outputShape(input: Shape): Shape {
    return [...input.slice(0, -1), this.table.rows];
  }
}
