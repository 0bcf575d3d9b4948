import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import { type Dropout, Embedding, LayerNorm, Module, type Scope, type Shape } from '../../nn';
import { HiddenDropout } from './hiddenDropout';

export interface EmbeddingSizes {
  readonly vocabulary: number;
  readonly features: number;
  readonly positions: number;
  /** Parts of a pair; 0 where a family does not tell them apart. */
  readonly types: number;
  readonly epsilon: number;
  /** Of what comes out: a link of the chain by itself, so that it drops where the embeddings are frozen too. */
  readonly dropout: number;
}

/** The sum of embeddings, for the token, its position and its part of a pair, normalised: BERT's, and in its names RoBERTa's and DistilBERT's. */
export class Embeddings extends Module {
  readonly type = 'Embeddings';
  readonly words: Embedding;
  private readonly positions: Embedding;
  private readonly types: Embedding | null;
  private readonly norm: LayerNorm;
  readonly dropout: Dropout;

  constructor({ vocabulary, features, positions, types, epsilon, dropout }: EmbeddingSizes) {
    super();
    this.words = this.child('word_embeddings', new Embedding(vocabulary, features));
    this.positions = this.child('position_embeddings', new Embedding(positions, features));
    this.types = types > 0 ? this.child('token_type_embeddings', new Embedding(types, features)) : null;
    this.norm = this.child('LayerNorm', new LayerNorm(features, epsilon));
    this.dropout = this.aside('dropout', new HiddenDropout(dropout));
  }

  /** ids: int32 [N, S]; beside: `types` int32 [N, S], 0 where absent → [N, S, D] */
  override forward(ids: Tensor, scope: Scope): Tensor {
    // sequence first, as the layers want it: the swaps in between then fall away
    const words = this.words.forward(tf.transpose(ids), scope); // [S, N, D]
    const positions = this.positions.forward(this.places(ids.shape[1] as number, scope), scope);
    const sum = tf.add(words, positions);
    return tf.transpose(this.norm.forward(this.types ? tf.add(sum, this.parts(this.types, scope)) : sum, scope), [1, 0, 2]);
  }

  /** Rows of the table of positions: int32 [S, N], or [S, 1] where they are the same in all texts. */
  protected places(length: number, _scope: Scope): Tensor {
    return tf.expandDims(tf.range(0, length, 1, 'int32'), 1);
  }

  /** [S, N, D], or [1, 1, D] where nothing is said of parts. */
  private parts(table: Embedding, scope: Scope): Tensor {
    const types = scope.beside?.('types');
    return table.forward(types ? tf.transpose(types) : tf.zeros([1, 1], 'int32'), scope);
  }

  override outputShape(input: Shape): Shape {
    return this.norm.outputShape(this.words.outputShape(input));
  }

  override childInputs(input: Shape): Shape[] {
    return this.children.map(([, child]) => (child === this.norm ? this.words.outputShape(input) : input));
  }
}
