import { type AttentionAttributes, attentionKernels, unseen } from '../../ops/attention';
import type { Graph, Value } from '../graph';
import { define, floats } from '../kernels/define';

type Given = 'q' | 'k' | 'v';
type Inputs = Record<Given, Value> & { bias?: Value; kept?: Value };

for (const kernel of Object.keys(attentionKernels)) define<Given, AttentionAttributes>(kernel, attention, floats);

define<Given | 'dy', AttentionAttributes>('ThawAttentionQueryGradient', (g, given, attributes) => {
  const { scale, heads } = attributes;
  return joined(g, matMul(g, scoreGradient(g, given, attributes), split(g, given.k, heads), { transBatchB: 1, alpha: { float: scale } }));
});

define<Given | 'dy', AttentionAttributes>('ThawAttentionKeyGradient', (g, given, attributes) => {
  const { scale, heads } = attributes;
  const options = { transA: 1, transBatchB: 1, alpha: { float: scale } };
  return joined(g, matMul(g, scoreGradient(g, given, attributes), split(g, given.q, heads), options));
});

define<Given | 'dy', AttentionAttributes>('ThawAttentionValueGradient', (g, given, attributes) => {
  const dy = split(g, given.dy, attributes.heads);
  return joined(g, matMul(g, counted(g, given, attributes), dy, { transA: 1, transBatchB: 1 }));
});

/** Summed along the axes on which the bias was repeated. */
define<Given | 'dy' | 'bias', AttentionAttributes>('ThawAttentionBiasGradient', (g, given, attributes) => {
  const scores = scoreGradient(g, given, attributes);
  const repeated = scores.shape.map((_, axis) => axis).filter((axis) => given.bias.shape[axis] !== scores.shape[axis]);
  return repeated.reduce((sum, axis) => g.sum(sum, [axis], true), scores);
});

function attention(g: Graph, given: Inputs, attributes: AttentionAttributes): Value {
  return joined(g, matMul(g, counted(g, given, attributes), split(g, given.v, attributes.heads), { transBatchB: 1 }));
}

/** softmax of the scores: [N, heads, S, T]. What a gradient asks for again is the same nodes as the forward pass's. */
function weights(g: Graph, { q, k, bias }: Inputs, { heads, scale, causal }: AttentionAttributes): Value {
  const options = { transBatchA: 1, transBatchB: 1, transB: 1, alpha: { float: scale } };
  const products = matMul(g, split(g, q, heads), split(g, k, heads), options);
  const scores = bias ? g.add(products, bias) : products;
  return g.unary('Softmax', causal ? g.add(scores, future(g, scores.shape)) : scores, { axis: -1 });
}

/** What values are weighted by: the softmax, thinned out where something drops. */
function counted(g: Graph, given: Inputs, attributes: AttentionAttributes): Value {
  const p = weights(g, given, attributes);
  return given.kept ? g.multiply(p, given.kept) : p;
}

/** W⊙dP − P Σ W⊙dP, where W is what counts of P: [N, heads, S, T] */
function scoreGradient(g: Graph, given: Inputs & { dy: Value }, attributes: AttentionAttributes): Value {
  const { heads } = attributes;
  const p = weights(g, given, attributes);
  const slopes = matMul(g, split(g, given.dy, heads), split(g, given.v, heads), { transBatchA: 1, transBatchB: 1, transB: 1 });
  const weighted = g.multiply(counted(g, given, attributes), slopes);
  const sums = g.node('ReduceSum', [weighted, g.integers([-1])], [...p.shape.slice(0, -1), 1], { keepdims: 1 });
  return g.subtract(weighted, g.multiply(p, sums));
}

/** [S, T]: `unseen` where the key comes after the query. One for all, or gradients would compute their scores anew. */
function future(g: Graph, shape: readonly number[]): Value {
  const [queries, keys] = shape.slice(-2) as [number, number];
  return g.once(`future ${queries} ${keys}`, () => {
    const data = Float32Array.from({ length: queries * keys }, (_, i) => {
      const [query, key] = [Math.floor(i / keys), i % keys];
      return key - query > keys - queries ? unseen : 0;
    });
    return g.constant(data, [queries, keys], 'float32');
  });
}

/** [S, N, heads·d] → [S, N, heads, d] */
function split(g: Graph, x: Value, heads: number): Value {
  const [length, n, width] = x.shape as [number, number, number];
  return g.reshape(x, [length, n, heads, width / heads]);
}

/** [N, heads, S, d] → [S, N, heads·d] */
function joined(g: Graph, x: Value): Value {
  const [n, heads, length, width] = x.shape as [number, number, number, number];
  return g.reshape(g.transpose(x, [2, 0, 1, 3]), [length, n, heads * width]);
}

/**
 * Products of matrices in batches of [N, heads]. A "transposed batch" has the matrices' rows before it, [S, N, heads, d], so
 * that tensors with the sequence first are taken as they are.
 */
function matMul(g: Graph, a: Value, b: Value, options: Record<string, number | { float: number }>): Value {
  const rowsFirst = (x: Value, is: unknown) => (is ? [x.shape[1], x.shape[2], x.shape[0], x.shape[3]] : x.shape) as number[];
  const [left, right] = [rowsFirst(a, options.transBatchA), rowsFirst(b, options.transBatchB)];
  const shape = [...left.slice(0, 2), left[options.transA ? 3 : 2] as number, right[options.transB ? 2 : 3] as number];
  return g.node('com.microsoft.FusedMatMul', [a, b], shape, options);
}
