import type { TensorData } from '../engine/engine';

/**
 * Position embeddings of a square of patches for a square of another size, by cubic convolution (a = −½) with the kernel
 * widened where there are fewer of them: timm's `resample_abs_pos_embed`, PyTorch's bicubic interpolation with antialias.
 * [1, tokens + old², D] → [1, tokens + grid², D]; the tokens before the patches keep theirs.
 */
export function resampledPositions({ shape, data }: TensorData, tokens: number, grid: number): TensorData {
  const [, length, features] = shape as [number, number, number];
  const old = Math.round(Math.sqrt(length - tokens));
  const weights = weightsOf(old, grid);
  const start = tokens * features;
  const patches = data.subarray(start);
  const rows = along(patches, weights, { outer: 1, from: old, to: grid, inner: old * features }); // [grid, old, D]
  const both = along(rows, weights, { outer: grid, from: old, to: grid, inner: features }); // [grid, grid, D]
  const result = new Float32Array(start + both.length);
  result.set(data.subarray(0, start));
  result.set(both, start);
  return { dtype: 'float32', shape: [1, tokens + grid * grid, features], data: result };
}

/** Of each new place: where its sources begin, and the share of each. */
function weightsOf(from: number, to: number): { first: number; shares: number[] }[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const center = scale * (i + 0.5);
    const first = Math.max(0, Math.trunc(center - 2 * stretch + 0.5));
    const end = Math.min(from, Math.trunc(center + 2 * stretch + 0.5));
    const raw = Array.from({ length: end - first }, (_, j) => cubic((first + j - center + 0.5) / stretch));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, shares: raw.map((share) => share / sum) };
  });
}

/** Keys 1981, a = −½ */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}

/** [outer, from, inner] → [outer, to, inner] */
function along(
  values: ArrayLike<number>,
  weights: ReturnType<typeof weightsOf>,
  { outer, from, to, inner }: { outer: number; from: number; to: number; inner: number },
): Float32Array {
  const result = new Float32Array(outer * to * inner);
  for (let o = 0; o < outer; o++)
    for (const [i, { first, shares }] of weights.entries())
      for (let k = 0; k < inner; k++) {
        let sum = 0;
        for (let j = 0; j < shares.length; j++) sum += (shares[j] as number) * (values[(o * from + first + j) * inner + k] as number);
        result[(o * to + i) * inner + k] = sum;
      }
  return result;
}
