import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import {
  type Activation,
  Dropout,
  droppedAttention,
  Group,
  LayerNorm,
  Linear,
  Module,
  paddingBias,
  type Scope,
  type Scores,
  type Shape,
  swapped,
} from '../../nn';

export interface EncoderSize {
  readonly features: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly activation: Activation;
  readonly epsilon: number;
  /** Rates of dropout: of what tokens look at, of what attention and the linear layers add. */
  readonly dropout: { readonly attention: number; readonly mixed: number; readonly narrowed: number };
}

export interface EncoderParts {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly mixed: Linear;
  readonly mixedNorm: LayerNorm;
  readonly widened: Linear;
  readonly narrowed: Linear;
  readonly narrowedNorm: LayerNorm;
  readonly dropouts: { readonly attention: Dropout; readonly mixed: Dropout; readonly narrowed: Dropout };
}

/** How a family's checkpoints arrange a layer's parts in the tree. */
export type EncoderNames = (parts: EncoderParts) => Readonly<Record<string, Module>>;

/** transformers' `BertLayer`. */
export const bertNames: EncoderNames = ({ query, key, value, mixed, mixedNorm, widened, narrowed, narrowedNorm, dropouts }) => {
  const same = (input: Shape) => input;
  const self = new Group('SelfAttention', { query, key, value }, { output: same, inputs: (input) => [input, input, input] });
  const after = new Group('AttentionOutput', { dense: mixed, LayerNorm: mixedNorm });
  const output = new Group('Output', { dense: narrowed, LayerNorm: narrowedNorm });
  self.aside('dropout', dropouts.attention);
  after.aside('dropout', dropouts.mixed);
  output.aside('dropout', dropouts.narrowed);
  return {
    attention: new Group('Attention', { self, output: after }),
    intermediate: new Group('Intermediate', { dense: widened }),
    output,
  };
};

/**
 * BERT's layer: attention, then two linear layers, each added to what came in and normalised after (Devlin et al. 2018).
 */
export class EncoderLayer extends Module {
  readonly type = 'EncoderLayer';
  private readonly parts: EncoderParts;

  /** @param readsFirst only the first position is read after this layer, so only that is computed: [N, S, D] → [N, 1, D] */
  constructor(
    private readonly size: EncoderSize,
    private readonly readsFirst = false,
    names = bertNames,
  ) {
    super();
    const { features, intermediate, activation, epsilon, dropout } = size;
    const linear = (input: number, output: number, after: Activation = 'none') =>
      new Linear(input, output, { activation: after, initial: { kind: 'normal', deviation: 0.02 } });
    this.parts = {
      query: linear(features, features),
      key: linear(features, features),
      value: linear(features, features),
      mixed: linear(features, features),
      mixedNorm: new LayerNorm(features, epsilon),
      widened: linear(features, intermediate, activation),
      narrowed: linear(intermediate, features),
      narrowedNorm: new LayerNorm(features, epsilon),
      dropouts: {
        attention: new Dropout(dropout.attention),
        mixed: new Dropout(dropout.mixed),
        narrowed: new Dropout(dropout.narrowed),
      },
    };
    for (const [name, part] of Object.entries(names(this.parts))) this.child(name, part);
  }

  /** x: [N, S, D] → [N, S, D], or [N, 1, D] */
  override forward(x: Tensor, scope: Scope): Tensor {
    const tokens = swapped(x); // [S, N, D]
    const [, n, features] = tokens.shape as [number, number, number];
    const read = this.readsFirst ? tf.slice(tokens, [0, 0, 0], [1, n, features]) : tokens;
    const { query, key, value, mixed, mixedNorm, widened, narrowed, narrowedNorm, dropouts } = this.parts;
    const { heads } = this.size;
    const [q, k, v] = [query.forward(read, scope), key.forward(tokens, scope), value.forward(tokens, scope)];
    const options = { bias: paddingBias(scope), heads, scale: 1 / Math.sqrt(features / heads), dropout: dropouts.attention };
    const seen = dropouts.mixed.forward(mixed.forward(droppedAttention(q, k, v, options, scope), scope), scope);
    const between = mixedNorm.forward(tf.add(seen, read), scope);
    const after = dropouts.narrowed.forward(narrowed.forward(widened.forward(between, scope), scope), scope);
    return swapped(narrowedNorm.forward(tf.add(after, between), scope));
  }

  override outputShape(input: Shape): Shape {
    return this.readsFirst ? [1, ...input.slice(1)] : input;
  }

  override scores([length = 0]: Shape): Scores {
    return { shape: [this.size.heads, this.readsFirst ? 1 : length, length], areDropped: this.parts.dropouts.attention.isNoisy };
  }
}

/** `count` of them; with `readsFirst` the last one computes only what a head over the first token reads. */
export function encoderLayers(size: EncoderSize, count: number, { readsFirst, names }: { readsFirst: boolean; names?: EncoderNames }) {
  return Array.from({ length: count }, (_, i) => new EncoderLayer(size, readsFirst && i === count - 1, names));
}

/** Layers under the numbers by which checkpoints count them. */
export function numbered(type: string, layers: readonly Module[]): Group {
  return new Group(type, Object.fromEntries(layers.map((layer, i) => [`${i}`, layer])));
}
