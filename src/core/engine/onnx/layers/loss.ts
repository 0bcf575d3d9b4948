import type { CrossEntropyAttributes } from '../../ops/loss';
import type { Graph, Value } from '../graph';
import { define, numbers } from '../kernels/define';

define<'logits' | 'labels', CrossEntropyAttributes>(
  'ThawSoftmaxCrossEntropy',
  (g, { logits, labels }, { smoothing }) => {
    const [n] = logits.shape as [number, number];
    const logP = g.unary('LogSoftmax', logits, { axis: 1 });
    const index = g.reshape(checked(g, labels, logits), [n, 1]);
    const right = g.reshape(g.node('GatherElements', [logP, index], [n, 1], { axis: 1 }), [n]);
    const loss = g.scale(right, smoothing - 1);
    return smoothing === 0 ? loss : g.add(loss, g.scale(g.mean(logP, [1]), -smoothing));
  },
  numbers,
);

/** dy·(softmax(logits) − target); dy: [N] */
define<'dy' | 'logits' | 'labels', CrossEntropyAttributes>(
  'ThawSoftmaxCrossEntropyGradient',
  (g, { dy, logits, labels }, { smoothing }) => {
    const [n, classes] = logits.shape as [number, number];
    const positions = g.constant(
      Int32Array.from({ length: classes }, (_, i) => i),
      [classes],
      'int32',
    );
    const right = g.binary('Equal', g.reshape(labels, [n, 1]), positions, 'bool'); // [N, K]
    const other = smoothing / classes;
    const target = g.where(right, g.scalar(1 - smoothing + other), g.scalar(other));
    return g.multiply(g.reshape(dy, [n, 1]), g.subtract(g.unary('Softmax', logits, { axis: 1 }), target));
  },
  numbers,
);

/** GatherElements fails on an index ≥ K but counts negative ones from the end: those are made K. */
function checked(g: Graph, labels: Value, logits: Value): Value {
  const classes = g.scalar(logits.shape[1] as number, 'int32');
  return g.where(g.binary('Less', labels, g.scalar(0, 'int32'), 'bool'), classes, labels);
}
