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

export interface MaskOptions {
  /** Of a layer: two layers drop independently of each other. */
  readonly name: string;
  /** Share of the elements that become 0, in steps of 1/65536; the rest grows by 1 / (1 − rate). */
  readonly rate: number;
  /** int32 [2], other numbers in every step: see `dropoutKey`. */
  readonly key: tf.Tensor;
}

export interface DropoutOptions extends MaskOptions {
  /** Where whole rows or maps drop together: a shape that broadcasts to x's. */
  readonly shape?: readonly number[];
}

/**
 * Inverted dropout (Srivastava et al. 2014). What drops depends on the key, the name and the element's place in the shape alone:
 * it is the same, bit by bit, on every engine and after every resume.
 */
export function dropout(x: tf.Tensor, { shape = x.shape, ...options }: DropoutOptions): tf.Tensor {
  return drops(options) ? tf.mul(x, dropoutMask(shape, options)) : x;
}

/** What `dropout` multiplies by: 0, or 1 / (1 − rate). */
export function dropoutMask(shape: readonly number[], options: MaskOptions): tf.Tensor {
  const { name, rate, key } = options;
  if (!drops(options)) return tf.ones([...shape]);
  const stream = new RandomStream(0, 'dropout', name);
  const attributes: DropoutAttributes = { shape, threshold: thresholdOf(rate), name: [stream.bits() | 0, stream.bits() | 0] };
  return run('ThawDropoutMask', { key }, attributes);
}

function drops({ rate, key }: MaskOptions): boolean {
  check(rate >= 0 && rate < 1, () => `dropout takes a rate from 0 to below 1, not ${rate}`);
  check(key.dtype === 'int32' && key.size === 2, () => `dropout takes a key int32 [2], not ${key.dtype} [${key.shape}]`);
  return thresholdOf(rate) > 0;
}

const thresholdOf = (rate: number) => Math.min(65535, Math.round(rate * 65536));

/** What drops in one step of a run, or in one of its parts. */
export type DropoutKey = Int32Array;

export function dropoutKey(seed: number, ...step: readonly number[]): DropoutKey {
  const stream = new RandomStream(seed, 'dropout', ...step);
  return Int32Array.of(stream.bits(), stream.bits());
}

/**
 * The bits of a mask. Its elements lie in rows; word i of rows + columns is a hash of i under two words of key (Wellons'
 * lowbias32, the second key added between its products), made odd. The upper half of the product of its row's and its column's
 * word decides about an element: any two elements are independent of each other, and each costs one product.
 */
export const hash = { stride: 0x9e3779b1, first: 0x7feb352d, second: 0x846ca68b, shifts: [16, 15, 16] } as const;

/** How many columns the elements of a mask lie in: rows long enough to be quick, few enough words to hash. */
export function columnsOf(size: number): number {
  for (let columns = Math.min(size, 1024); columns >= 256; columns--) if (size % columns === 0) return columns;
  return Math.min(size, 512);
}

/** What remains is this times as large. */
export function keptScale({ threshold }: DropoutAttributes): number {
  return 65536 / (65536 - threshold);
}
