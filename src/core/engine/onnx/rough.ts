import type { Graph, Value } from './graph';

/** Weights in a row that share a scale. */
const block = 64;
const middle = 128;
const largest = 127;

/**
 * a·bᵀ with the weights in 8 bits, which onnxruntime multiplies as whole numbers: a quarter of what must be read from memory,
 * which is what takes the time where a has few rows. Null where b is not constant, or its rows are no whole blocks.
 * a: [M, K], b: [N, K]
 */
export function roughProduct(g: Graph, a: Value, b: Value): Value | null {
  const [rows, width] = b.shape as [number, number];
  if (width % block !== 0) return null;
  const weights = rounded(g, b);
  if (!weights) return null;
  const attributes = { K: width, N: rows, bits: 8, block_size: block, accuracy_level: 4 };
  return g.node('com.microsoft.MatMulNBits', [a, weights.bytes, weights.scales], [a.shape[0] as number, rows], attributes);
}

function rounded(g: Graph, b: Value): { bytes: Value; scales: Value } | null {
  const origin = g.originOf(b);
  const isTransposed = origin?.operator === 'Transpose';
  const stored = isTransposed ? (origin.inputs[0] as Value) : b;
  const data = g.dataOf(stored);
  if (!(data instanceof Float32Array)) return null;
  const [rows, width] = b.shape as [number, number];
  const [down, across] = isTransposed ? [1, rows] : [width, 1]; // from one row to the next, and within one
  const blocks = width / block;
  const bytes = new Uint8Array(rows * width);
  const scales = new Float32Array(rows * blocks);
  for (let i = 0; i < scales.length; i++) {
    const from = Math.floor(i / blocks) * down + (i % blocks) * block * across;
    let most = 0;
    for (let k = 0; k < block; k++) most = Math.max(most, Math.abs(data[from + k * across] as number));
    const scale = most / largest;
    scales[i] = scale;
    const perUnit = scale === 0 ? 0 : 1 / scale;
    for (let k = 0; k < block; k++) bytes[i * block + k] = middle + Math.round((data[from + k * across] as number) * perUnit);
  }
  const name = `${stored.name} rough`;
  return {
    bytes: g.constant(bytes, [rows, blocks, block], 'uint8', `${name} bytes`),
    scales: g.constant(scales, [scales.length], 'float32', `${name} scales`),
  };
}
