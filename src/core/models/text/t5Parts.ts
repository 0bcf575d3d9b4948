import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import {
  type Activation,
  causalAttention,
  Dropout,
  droppedAttention,
  type Embedding,
  Group,
  Linear,
  Module,
  RmsNorm,
  type Scope,
  type Scores,
  type Shape,
} from '../../nn';

export interface T5Size {
  readonly features: number;
  readonly heads: number;
  /** Features of a head. */
  readonly width: number;
  readonly intermediate: number;
  readonly activation: Activation;
  readonly gated: boolean;
  readonly epsilon: number;
  /** Rate of dropout, everywhere the same. */
  readonly dropout: number;
}

/** First values of linear layers. */
export const initial = { kind: 'normal', deviation: 0.02 } as const;
export const same = (input: Shape) => input;

/**
 * A norm, attention to the text itself or to another one, and the sum with what came in. Scores are not scaled.
 * Sequence first: [S, N, D] → [S, N, D]
 */
export class AttentionPart extends Module {
  readonly type = 'AttentionLayer';
  private readonly query: Linear;
  private readonly key: Linear;
  private readonly value: Linear;
  private readonly mixed: Linear;
  private readonly norm: RmsNorm;
  private readonly dropouts: { readonly attention: Dropout; readonly added: Dropout };

  /**
   * @param keeps of which text it keeps keys and values while one is written
   * @param table of distances, where it is this part's own
   */
  constructor(
    private readonly size: T5Size,
    name: string,
    keeps: 'written' | 'read' | 'none',
    table?: Embedding,
  ) {
    super();
    const inner = size.heads * size.width;
    if (keeps !== 'none') for (const key of ['keys', 'values']) this.keeps(key, inner, keeps);
    const linear = (input: number, output: number) => new Linear(input, output, { bias: false, initial });
    [this.query, this.key, this.value] = [linear(size.features, inner), linear(size.features, inner), linear(size.features, inner)];
    this.mixed = linear(inner, size.features);
    const parts = { q: this.query, k: this.key, v: this.value, o: this.mixed, ...(table && { relative_attention_bias: table }) };
    const inputs = (input: Shape) => [input, input, input, this.query.outputShape(input), input.slice(0, 1)];
    const shapes = { output: same, inputs: (input: Shape) => inputs(input).slice(0, table ? 5 : 4) };
    const attention = this.child(name, new Group('Attention', parts, shapes));
    this.norm = this.child('layer_norm', new RmsNorm(size.features, size.epsilon));
    this.dropouts = {
      attention: attention.aside('dropout', new Dropout(size.dropout)),
      added: this.aside('dropout', new Dropout(size.dropout)),
    };
  }

  override forward(x: Tensor, scope: Scope, { read, bias, causal }: { read?: Tensor; bias?: Tensor; causal?: boolean } = {}): Tensor {
    const normed = this.norm.forward(x, scope);
    const from = read ?? normed;
    const made = (key: string, layer: Linear) => {
      const make = () => layer.forward(from, scope);
      return read && scope.past ? scope.past.kept(this.nameOf(key), make) : make();
    };
    const [q, k, v] = [this.query.forward(normed, scope), made('keys', this.key), made('values', this.value)];
    const options = { bias, heads: this.size.heads, scale: 1, dropout: this.dropouts.attention };
    const seen = causal ? causalAttention(this, [q, k, v], options, scope) : droppedAttention(q, k, v, options, scope);
    return tf.add(this.dropouts.added.forward(this.mixed.forward(seen, scope), scope), x);
  }

  override outputShape(input: Shape): Shape {
    return input;
  }

  override scores([length = 0]: Shape): Scores {
    return { shape: [this.size.heads, length, length], areDropped: this.dropouts.attention.isNoisy };
  }
}

/** A norm, two linear layers with an activation between them, gated in T5 1.1, and the sum with what came in. */
export class FeedForwardPart extends Module {
  readonly type = 'FeedForwardLayer';
  private readonly gate: Linear;
  private readonly widened: Linear | null;
  private readonly narrowed: Linear;
  private readonly norm: RmsNorm;
  private readonly dropouts: { readonly widened: Dropout; readonly added: Dropout };

  constructor({ features, intermediate, activation, gated, epsilon, dropout }: T5Size) {
    super();
    const linear = (input: number, output: number, after: Activation = 'none') =>
      new Linear(input, output, { bias: false, activation: after, initial });
    this.gate = linear(features, intermediate, activation);
    this.widened = gated ? linear(features, intermediate) : null;
    this.narrowed = linear(intermediate, features);
    const parts: Record<string, Module> = this.widened
      ? { wi_0: this.gate, wi_1: this.widened, wo: this.narrowed }
      : { wi: this.gate, wo: this.narrowed };
    const inputs = (input: Shape) => [...(gated ? [input] : []), input, this.gate.outputShape(input)];
    const feed = this.child('DenseReluDense', new Group('FeedForward', parts, { output: same, inputs }));
    this.norm = this.child('layer_norm', new RmsNorm(features, epsilon));
    this.dropouts = { widened: feed.aside('dropout', new Dropout(dropout)), added: this.aside('dropout', new Dropout(dropout)) };
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    const normed = this.norm.forward(x, scope);
    const gate = this.gate.forward(normed, scope);
    const wide = this.dropouts.widened.forward(this.widened ? tf.mul(gate, this.widened.forward(normed, scope)) : gate, scope);
    return tf.add(this.dropouts.added.forward(this.narrowed.forward(wide, scope), scope), x);
  }

  override outputShape(input: Shape): Shape {
    return input;
  }
}
