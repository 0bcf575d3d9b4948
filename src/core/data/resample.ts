import type { ImageTarget } from './target';

/**
 * Resampling as PIL does it (libImaging/Resample.c): separable, rounded to 8 bits after each pass, weights normalised at
 * the borders. libvips shrinks just so, but enlarges half a pixel askew; so enlarging is done here.
 */
interface Kernel {
  readonly support: number;
  weight(x: number): number;
}

const kernels: Record<ImageTarget['interpolation'], Kernel> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    /** Keys 1981 with a = −0.5. */
    weight(x) {
      const d = Math.abs(x);
      if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
      return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
    },
  },
};

/** For each output pixel: the first input pixel that counts, and the weights from there on (`taps` each). */
interface Taps {
  readonly first: Int32Array;
  readonly taps: number;
  readonly weights: Float64Array;
}

function tapsOf(from: number, to: number, start: number, count: number, kernel: Kernel): Taps {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const support = kernel.support * stretch;
  const taps = Math.min(from, Math.ceil(support) * 2 + 1);
  const first = new Int32Array(count);
  const weights = new Float64Array(count * taps);
  for (let i = 0; i < count; i++) {
    const centre = (start + i + 0.5) * scale;
    const low = Math.max(0, Math.min(from - taps, Math.floor(centre - support + 0.5)));
    first[i] = low;
    let sum = 0;
    for (let k = 0; k < taps; k++) sum += weights[i * taps + k] = kernel.weight((low + k + 0.5 - centre) / stretch);
    for (let k = 0; k < taps; k++) weights[i * taps + k] = (weights[i * taps + k] as number) / sum;
  }
  return { first, taps, weights };
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGB, rows from the top. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * A square out of the enlarged picture, without making all of it.
 * @param whole what the whole picture would be scaled to, and where in it the square of `size` lies
 * @returns RGB, [size, size, 3]
 */
export function resampled(
  picture: Pixels,
  whole: { width: number; height: number; left: number; top: number },
  size: number,
  interpolation: ImageTarget['interpolation'],
): Uint8ClampedArray {
  const across = tapsOf(picture.width, whole.width, whole.left, size, kernels[interpolation]);
  const down = tapsOf(picture.height, whole.height, whole.top, size, kernels[interpolation]);
  const firstRow = down.first[0] as number;
  const rows = (down.first[size - 1] as number) + down.taps - firstRow;

  const narrow = new Uint8ClampedArray(rows * size * 3);
  for (let y = 0, out = 0; y < rows; y++) {
    const row = (firstRow + y) * picture.width * 3;
    for (let x = 0; x < size; x++, out += 3) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let pixel = row + (across.first[x] as number) * 3;
      for (let k = x * across.taps; k < (x + 1) * across.taps; k++, pixel += 3) {
        const weight = across.weights[k] as number;
        red += weight * (picture.data[pixel] as number);
        green += weight * (picture.data[pixel + 1] as number);
        blue += weight * (picture.data[pixel + 2] as number);
      }
      narrow[out] = red; // a clamped array rounds
      narrow[out + 1] = green;
      narrow[out + 2] = blue;
    }
  }

  const stride = size * 3;
  const result = new Uint8ClampedArray(size * stride);
  const line = new Float64Array(stride);
  for (let y = 0; y < size; y++) {
    line.fill(0);
    for (let k = 0; k < down.taps; k++) {
      const weight = down.weights[y * down.taps + k] as number;
      if (weight === 0) continue;
      const row = ((down.first[y] as number) - firstRow + k) * stride;
      for (let i = 0; i < stride; i++) line[i] = (line[i] as number) + weight * (narrow[row + i] as number);
    }
    result.set(line, y * stride);
  }
  return result;
}
