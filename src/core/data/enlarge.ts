import type { ImageTarget } from './target';

/**
 * Enlarging as PIL does it (libImaging/Resample.c): separable, rounded to 8 bits after each pass, weights normalised at
 * the borders. libvips shrinks just so, but what it enlarges lies half a pixel askew.
 */
const kernels: Record<ImageTarget['interpolation'], (distance: number) => number> = {
  bilinear: (d) => Math.max(0, 1 - d),
  /** Keys 1981 with a = −0.5. */
  bicubic: (d) => (d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0),
};

/** For each output pixel: the four input pixels around it, and their weights (0 for one beyond the border). */
interface Taps {
  readonly at: Int32Array;
  readonly weights: Float64Array;
}

function tapsOf(from: number, to: number, start: number, count: number, kernel: (distance: number) => number): Taps {
  const at = new Int32Array(count * 4);
  const weights = new Float64Array(count * 4);
  for (let i = 0; i < count; i++) {
    const centre = ((start + i + 0.5) * from) / to - 0.5;
    const first = Math.floor(centre) - 1;
    let sum = 0;
    for (let k = 0; k < 4; k++) {
      const pixel = first + k;
      const inside = pixel >= 0 && pixel < from;
      at[i * 4 + k] = Math.min(from - 1, Math.max(0, pixel));
      sum += weights[i * 4 + k] = inside ? kernel(Math.abs(pixel - centre)) : 0;
    }
    for (let k = i * 4; k < i * 4 + 4; k++) weights[k] = (weights[k] as number) / sum;
  }
  return { at, weights };
}

/** RGB with 8 bits, rows from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * A square out of an enlarged picture, without making all of it.
 * @param whole what the whole picture is scaled to (nowhere smaller than it is), and where in it the square of `size` lies
 * @returns RGB, [size, size, 3]
 */
export function enlarged(
  picture: Pixels,
  whole: { width: number; height: number; left: number; top: number },
  size: number,
  interpolation: ImageTarget['interpolation'],
): Uint8ClampedArray {
  const across = tapsOf(picture.width, whole.width, whole.left, size, kernels[interpolation]);
  const down = tapsOf(picture.height, whole.height, whole.top, size, kernels[interpolation]);
  const top = Math.min(...down.at);
  const narrow = squeezed(picture, across, size, top, Math.max(...down.at));

  const stride = size * 3;
  const result = new Uint8ClampedArray(size * stride); // a clamped array rounds
  for (let y = 0; y < size; y++) {
    const [r0, r1, r2, r3] = down.at.subarray(y * 4, y * 4 + 4) as unknown as [number, number, number, number];
    const [w0, w1, w2, w3] = down.weights.subarray(y * 4, y * 4 + 4) as unknown as [number, number, number, number];
    const [a, b, c, d] = [(r0 - top) * stride, (r1 - top) * stride, (r2 - top) * stride, (r3 - top) * stride];
    const out = y * stride;
    for (let i = 0; i < stride; i++)
      result[out + i] =
        w0 * (narrow[a + i] as number) + w1 * (narrow[b + i] as number) + w2 * (narrow[c + i] as number) + w3 * (narrow[d + i] as number);
  }
  return result;
}

/** The horizontal pass over rows `top` … `bottom`. @returns [bottom − top + 1, size, 3] */
function squeezed(picture: Pixels, { at, weights }: Taps, size: number, top: number, bottom: number): Uint8ClampedArray {
  const { data, width } = picture;
  const narrow = new Uint8ClampedArray((bottom - top + 1) * size * 3);
  let out = 0;
  for (let y = top; y <= bottom; y++) {
    const row = y * width * 3;
    for (let k = 0; k < size * 4; k += 4) {
      const a = row + (at[k] as number) * 3;
      const b = row + (at[k + 1] as number) * 3;
      const c = row + (at[k + 2] as number) * 3;
      const d = row + (at[k + 3] as number) * 3;
      const w0 = weights[k] as number;
      const w1 = weights[k + 1] as number;
      const w2 = weights[k + 2] as number;
      const w3 = weights[k + 3] as number;
      for (let i = 0; i < 3; i++)
        narrow[out++] =
          w0 * (data[a + i] as number) + w1 * (data[b + i] as number) + w2 * (data[c + i] as number) + w3 * (data[d + i] as number);
    }
  }
  return narrow;
}
