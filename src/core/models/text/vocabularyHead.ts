import type { Tensor } from '@tensorflow/tfjs-core';
import { type Embedding, Group, LayerNorm, Linear, type LinearOptions, type Scope, TiedLinear } from '../../nn';

/**
 * What guesses hidden tokens: a linear layer, a norm, and the products with the words' embeddings, which it shares
 * (transformers' `BertLMPredictionHead` and `RobertaLMHead`). [N, S, D] → [N, S, vocabulary]
 */
export class VocabularyHead extends TiedLinear {
  private readonly dense: Linear;
  private readonly norm: LayerNorm;

  constructor(table: Embedding, options: LinearOptions & { readonly epsilon: number; readonly names: 'bert' | 'roberta' }) {
    super(table, { bias: true });
    this.dense = new Linear(table.features, table.features, options);
    this.norm = new LayerNorm(table.features, options.epsilon);
    if (options.names === 'bert') this.child('transform', new Group('Transform', { dense: this.dense, LayerNorm: this.norm }));
    else {
      this.child('dense', this.dense);
      this.child('layer_norm', this.norm);
    }
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return super.forward(this.norm.forward(this.dense.forward(x, scope), scope), scope);
  }
}
