import type { Graph, Origin, Value } from './graph';
import { sameShape } from './shapes';

/** a + b where one of them is a product of matrices that takes the other along in its pass; null where none is. */
export function productSum(g: Graph, a: Value, b: Value): Value | null {
  if (!sameShape(a.shape, b.shape)) return null;
  const sum = (product: Value, other: Value) => {
    const bare = bareProduct(g, product);
    return bare && g.reshape(productAnd(g, bare, g.reshape(other, bare.shape)) as Value, a.shape);
  };
  return sum(a, b) ?? sum(b, a);
}

/** A product of matrices, seen through a change of shape, that nothing takes yet. */
function bareProduct(g: Graph, x: Value): Value | null {
  if (g.isUsed(x)) return null;
  const origin = g.originOf(x);
  const product = origin?.operator === 'Reshape' ? (origin.inputs[0] as Value) : x;
  return isBare(g.originOf(product)) ? product : null;
}

/** The product that gave x, recorded again with an addend ([M, K] or [K]) in it; the first one, unused, falls out of the model. */
export function productAnd(g: Graph, x: Value, addend: Value): Value | null {
  const origin = g.originOf(x);
  if (!isBare(origin)) return null;
  return g.node('Gemm', [...origin.inputs, addend], x.shape, origin.attributes);
}

function isBare(origin: Origin | undefined): origin is Origin {
  return origin?.operator === 'Gemm' && origin.inputs.length === 2;
}
