import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Made by scripts/fixtures/make_keras.py. */
export const kerasFixtures = path.resolve(__dirname, '../../../fixtures/keras');

type Logits = number[][];
interface Expected {
  size: number;
  everything: Logits;
  everything_uint8: Logits;
  everything_uint16: Logits;
  everything_float16: Logits;
  activations: Logits;
  grey: Logits;
  channels_first: Logits;
  scales: Logits;
  topless: Logits;
  words: Logits;
  keras2: Logits;
  step: { loss: number; gradients: Record<string, number>; statistics: Record<string, number> };
}
export const expected = JSON.parse(readFileSync(path.join(kerasFixtures, 'expected.json'), 'utf8')) as Expected;

/** Keras's order of pictures [N, H, W, C] → ours [N, C, H, W]. */
export function planar(data: Float32Array, [n, height, width, channels]: readonly [number, number, number, number]): Float32Array {
  const result = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const c = i % channels;
    const x = Math.floor(i / channels) % width;
    const y = Math.floor(i / (channels * width)) % height;
    const picture = Math.floor(i / (channels * width * height));
    if (picture < n) result[((picture * channels + c) * height + y) * width + x] = data[i] as number;
  }
  return result;
}
