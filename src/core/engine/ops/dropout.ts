import { RandomStream } from '../../random';
import * as tf from '../tf';
import { check, run } from './kernel';

export interface DropoutAttributes {
  readonly shape: readonly number[];
  /** 0 … 65535: an element is dropped where its 16 bits, as a signed number, are below threshold − 32768. */
  readonly threshold: number;
  /** Two words of the layer's name. */
  readonly name: readonly [number, number];
}

export interface DropoutOptions {
  /** Of a layer: two layers drop independently of each other. */
  readonly name: string;
  /** Share of the elements that become 0, in steps of 1/65536; the rest grows by 1 / (1 − rate). */
  readonly rate: number;
  /** int32 [2], other numbers in every step: see `dropoutKey`. */
  readonly key: tf.Tensor;
  /** Where whole rows or maps drop together: a shape that broadcasts to x's. */
  readonly shape?: readonly number[];
}

/**
 * Inverted dropout (Srivastava et al. 2014). What drops depends on the key, the name and the element's place in the shape alone:
 * it is the same, bit by bit, on every engine and after every resume.
 */
export function dropout(x: tf.Tensor, { name, rate, key, shape = x.shape }: DropoutOptions): tf.Tensor {
  check(rate >= 0 && rate < 1, () => `dropout takes a rate from 0 to below 1, not ${rate}`);
  check(key.dtype === 'int32' && key.size === 2, () => `dropout takes a key int32 [2], not ${key.dtype} [${key.shape}]`);
  const threshold = Math.min(65535, Math.round(rate * 65536));
  if (threshold === 0) return x;
  const stream = new RandomStream(0, 'dropout', name);
  const attributes: DropoutAttributes = { shape, threshold, name: [stream.bits() | 0, stream.bits() | 0] };
  return tf.mul(x, run('ThawDropoutMask', { key }, attributes));
}

/** What drops in one step of a run, or in one of its parts. */
export type DropoutKey = Int32Array;

export function dropoutKey(seed: number, ...step: readonly number[]): DropoutKey {
  const stream = new RandomStream(seed, 'dropout', ...step);
  return Int32Array.of(stream.bits(), stream.bits());
}

/**
 * The bits of a mask: word i of ⌈n/2⌉ is a hash of i under two words of key (Wellons' lowbias32, the second key added between
 * its products). Its upper half decides about element i, its lower half about element i + ⌈n/2⌉.
 */
export const hash = { stride: 0x9e3779b1, first: 0x7feb352d, second: 0x846ca68b, shifts: [16, 15, 16] } as const;

/** What remains is this times as large. */
export function keptScale({ threshold }: DropoutAttributes): number {
  return 65536 / (65536 - threshold);
}
