import type { Tensor } from '@tensorflow/tfjs-core';
import { attention, tf } from '../../engine/ops';
import { type Activation, Group, LayerNorm, Linear, Module, paddingBias, type Scope, type Shape, swapped } from '../../nn';

export interface EncoderSize {
  readonly features: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly activation: Activation;
  readonly epsilon: number;
}

/**
 * BERT's layer: attention, then two linear layers, each added to what came in and normalised after (Devlin et al. 2018;
 * names as transformers' `BertLayer`).
 */
export class EncoderLayer extends Module {
  readonly type = 'EncoderLayer';
  private readonly query: Linear;
  private readonly key: Linear;
  private readonly value: Linear;
  private readonly mixed: Linear;
  private readonly mixedNorm: LayerNorm;
  private readonly widened: Linear;
  private readonly narrowed: Linear;
  private readonly narrowedNorm: LayerNorm;

  /** @param readsFirst only the first position is read after this layer, so only that is computed: [N, S, D] → [N, 1, D] */
  constructor(
    private readonly size: EncoderSize,
    private readonly readsFirst = false,
  ) {
    super();
    const { features, intermediate, activation, epsilon } = size;
    const linear = (input: number, output: number, after: Activation = 'none') =>
      new Linear(input, output, { activation: after, initial: { kind: 'normal', deviation: 0.02 } });
    [this.query, this.key, this.value] = [linear(features, features), linear(features, features), linear(features, features)];
    [this.mixed, this.mixedNorm] = [linear(features, features), new LayerNorm(features, epsilon)];
    [this.widened, this.narrowed] = [linear(features, intermediate, activation), linear(intermediate, features)];
    this.narrowedNorm = new LayerNorm(features, epsilon);
    const same = (input: Shape) => input;
    const heads = { query: this.query, key: this.key, value: this.value };
    const parts = {
      self: new Group('SelfAttention', heads, { output: same, inputs: (input) => [input, input, input] }),
      output: new Group('AttentionOutput', { dense: this.mixed, LayerNorm: this.mixedNorm }),
    };
    this.child('attention', new Group('Attention', parts));
    this.child('intermediate', new Group('Intermediate', { dense: this.widened }));
    this.child('output', new Group('Output', { dense: this.narrowed, LayerNorm: this.narrowedNorm }));
  }

  /** x: [N, S, D] → [N, S, D], or [N, 1, D] */
  override forward(x: Tensor, scope: Scope): Tensor {
    const tokens = swapped(x); // [S, N, D]
    const [, n, features] = tokens.shape as [number, number, number];
    const read = this.readsFirst ? tf.slice(tokens, [0, 0, 0], [1, n, features]) : tokens;
    const { heads } = this.size;
    const [q, k, v] = [this.query.forward(read, scope), this.key.forward(tokens, scope), this.value.forward(tokens, scope)];
    const seen = attention(q, k, v, { bias: paddingBias(scope), heads, scale: 1 / Math.sqrt(features / heads) });
    const mixed = this.mixedNorm.forward(tf.add(this.mixed.forward(seen, scope), read), scope);
    const narrowed = this.narrowed.forward(this.widened.forward(mixed, scope), scope);
    return swapped(this.narrowedNorm.forward(tf.add(narrowed, mixed), scope));
  }

  override outputShape(input: Shape): Shape {
    return this.readsFirst ? [1, ...input.slice(1)] : input;
  }
}
