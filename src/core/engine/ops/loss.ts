import * as tf from '../tf';
import { check, registerGradient, run } from './kernel';

export interface CrossEntropyAttributes {
  readonly smoothing: number;
}

/**
 * −Σ target·log softmax(logits), target = (1 − smoothing)·one-hot + smoothing / K (Szegedy et al. 2016), as PyTorch's
 * cross_entropy with label_smoothing. A label outside of 0 … K−1 fails the run.
 * logits: [N, K], labels: int32 [N] → [N]
 */
export function softmaxCrossEntropy(logits: tf.Tensor, labels: tf.Tensor, smoothing: number): tf.Tensor {
  check(
    logits.rank === 2 && labels.rank === 1 && labels.dtype === 'int32' && labels.shape[0] === logits.shape[0],
    () => `softmaxCrossEntropy takes [N,K] and int32 [N], not [${logits.shape}] and ${labels.dtype} [${labels.shape}]`,
  );
  return run('ThawSoftmaxCrossEntropy', { logits, labels }, { smoothing });
}

registerGradient<'logits' | 'labels', CrossEntropyAttributes>(
  'ThawSoftmaxCrossEntropy',
  { inputs: ['logits', 'labels'] },
  (dy, { inputs: { logits, labels }, attributes }) => ({
    logits: () => run('ThawSoftmaxCrossEntropyGradient', { dy, logits, labels }, attributes),
  }),
);

/** Over the last axis. */
export function softmax(logits: tf.Tensor): tf.Tensor {
  return tf.softmax(logits);
}
