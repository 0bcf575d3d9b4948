import type { CrossEntropyAttributes } from '../ops/loss';
import * as tf from '../tf';
import { define } from './define';

define<'logits' | 'labels', CrossEntropyAttributes>('ThawSoftmaxCrossEntropy', ({ logits, labels }, { smoothing }, backend) => {
  const [, classes] = logits.shape as [number, number];
  // A GPU would not notice a label that is out of range.
  const wrong = [...(backend.readSync(labels.dataId) as Int32Array)].find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) throw new RangeError(`softmaxCrossEntropy: the label ${wrong} is none of ${classes} classes`);
  return tf.neg(tf.sum(tf.mul(target(labels, classes, smoothing), tf.logSoftmax(logits)), 1));
});

/** dy·(softmax(logits) − target); dy: [N] */
define<'dy' | 'logits' | 'labels', CrossEntropyAttributes>('ThawSoftmaxCrossEntropyGradient', ({ dy, logits, labels }, { smoothing }) => {
  const [n, classes] = logits.shape as [number, number];
  return tf.mul(tf.reshape(dy, [n, 1]), tf.sub(tf.softmax(logits), target(labels, classes, smoothing)));
});

/** [N, K] */
function target(labels: tf.Tensor, classes: number, smoothing: number): tf.Tensor {
  const other = smoothing / classes;
  return tf.oneHot(labels, classes, 1 - smoothing + other, other, 'float32');
}
