import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import { Linear, type Scope, type Shape } from '../../nn';
import type { Top } from './textModel';

/** The last token of each text that is no padding (see `mask`), whichever side the padding is on. [N, S, D] → [N, D] */
export function lastToken(x: Tensor, scope: Scope): Tensor {
  const [n, length, features] = x.shape as [number, number, number];
  const mask = scope.beside?.('mask');
  if (!mask) return tf.reshape(tf.slice(x, [0, length - 1, 0], [n, 1, features]), [n, features]);
  const places = tf.range(1, length + 1, 1, 'float32'); // [S]; 0 is a padding's
  const real = tf.mul(tf.cast(mask, 'float32'), places); // [N, S]
  const isLast = tf.cast(tf.equal(real, tf.max(real, 1, true)), 'float32');
  return tf.sum(tf.mul(x, tf.expandDims(isLast, 2)), 1);
}

/** A linear layer over the last token, the only one that has seen the whole text. [N, S, D] → [N, out] */
export class LastTokenLinear extends Linear {
  override forward(x: Tensor, scope: Scope): Tensor {
    return super.forward(lastToken(x, scope), scope);
  }

  override outputShape(): Shape {
    return [this.output];
  }

  override childInputs(): Shape[] {
    return super.childInputs([this.input]);
  }
}

const initial = { kind: 'normal', deviation: 0.02 } as const;

/** What classifies texts on a model that tells the next token (transformers' `GenericForSequenceClassification`). */
export function lastTokenClassifier({ architecture, features, classes, ignored }: LastTokenClassifier): Top {
  const score = new LastTokenLinear(features, classes, { bias: false, initial });
  return { architecture, within: {}, beside: { score }, chain: [score], classes, head: 'score', drawn: [], ignored };
}

interface LastTokenClassifier extends Pick<Top, 'architecture' | 'classes' | 'ignored'> {
  readonly features: number;
}
