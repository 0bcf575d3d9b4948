import { type AttentionAttributes, attentionKernels, unseen } from '../ops/attention';
import * as tf from '../tf';
import { define } from './define';

type Given = 'q' | 'k' | 'v';
type Inputs = Record<Given, tf.Tensor> & { bias?: tf.Tensor; kept?: tf.Tensor };

/** [S, N, heads·d] → [N, heads, S, d] */
function split(x: tf.Tensor, heads: number): tf.Tensor {
  const [length, n, width] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [length, n, heads, width / heads]), [1, 2, 0, 3]);
}

/** [N, heads, S, d] → [S, N, heads·d] */
function joined(x: tf.Tensor): tf.Tensor {
  const [n, heads, length, width] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [2, 0, 1, 3]), [length, n, heads * width]);
}

/** softmax of the scores: [N, heads, S, T] */
function weights({ q, k, bias }: Inputs, { heads, scale, causal }: AttentionAttributes): tf.Tensor {
  const products = tf.mul(tf.matMul(split(q, heads), split(k, heads), false, true), scale);
  const scores = bias ? tf.add(products, bias) : products;
  return tf.softmax(causal ? tf.add(scores, future(scores.shape)) : scores);
}

/** [S, T]: `unseen` where the key comes after the query. */
function future(shape: readonly number[]): tf.Tensor {
  const [queries, keys] = shape.slice(-2) as [number, number];
  const position = (length: number) => tf.range(0, length, 1, 'int32');
  const last = tf.add(tf.reshape(position(queries), [queries, 1]), tf.scalar(keys - queries, 'int32'));
  return tf.mul(tf.cast(tf.greater(tf.reshape(position(keys), [1, keys]), last), 'float32'), unseen);
}

/** What values are weighted by: the softmax, thinned out where something drops. */
function counted(given: Inputs, attributes: AttentionAttributes): tf.Tensor {
  const p = weights(given, attributes);
  return given.kept ? tf.mul(p, given.kept) : p;
}

/** P ⊙ (dP − Σ P⊙dP), dP thinned out as P was: [N, heads, S, T] */
function scoreGradient(given: Inputs & { dy: tf.Tensor }, attributes: AttentionAttributes): tf.Tensor {
  const { heads } = attributes;
  const p = weights(given, attributes);
  const all = tf.matMul(split(given.dy, heads), split(given.v, heads), false, true);
  const slopes = given.kept ? tf.mul(all, given.kept) : all;
  return tf.mul(p, tf.sub(slopes, tf.sum(tf.mul(p, slopes), -1, true)));
}

const attention = (given: Inputs, attributes: AttentionAttributes) =>
  joined(tf.matMul(counted(given, attributes), split(given.v, attributes.heads)));

for (const kernel of Object.keys(attentionKernels)) define<Given, AttentionAttributes>(kernel, attention);

define<Given | 'dy', AttentionAttributes>('ThawAttentionQueryGradient', (given, attributes) =>
  joined(tf.mul(tf.matMul(scoreGradient(given, attributes), split(given.k, attributes.heads)), attributes.scale)),
);

define<Given | 'dy', AttentionAttributes>('ThawAttentionKeyGradient', (given, attributes) =>
  joined(tf.mul(tf.matMul(scoreGradient(given, attributes), split(given.q, attributes.heads), true), attributes.scale)),
);

define<Given | 'dy', AttentionAttributes>('ThawAttentionValueGradient', (given, attributes) =>
  joined(tf.matMul(counted(given, attributes), split(given.dy, attributes.heads), true)),
);

/** Summed along the axes on which the bias was repeated. */
define<Given | 'dy' | 'bias', AttentionAttributes>('ThawAttentionBiasGradient', (given, attributes) => {
  const scores = scoreGradient(given, attributes);
  const repeated = scores.shape.map((_, axis) => axis).filter((axis) => given.bias.shape[axis] !== scores.shape[axis]);
  return repeated.length === 0 ? scores : tf.sum(scores, repeated, true);
});
