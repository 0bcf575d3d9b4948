import { type DropoutAttributes, hash, keptScale } from '../ops/dropout';
import * as tf from '../tf';
import { define } from './define';

/** Counted here, not by the backend: tfjs's integers do not wrap around in every backend. */
define<'key', DropoutAttributes>('ThawDropoutMask', ({ key }, attributes, backend) => {
  const [first, second] = backend.readSync(key.dataId) as Int32Array as unknown as [number, number];
  const { shape, name, threshold } = attributes;
  const size = tf.util.sizeFromShape([...shape]);
  const scale = keptScale(attributes);
  const mask = new Float32Array(size);
  const half = Math.ceil(size / 2);
  for (let i = 0; i < half; i++) {
    const word = wordAt(i, (first + name[0]) | 0, (second + name[1]) | 0);
    if (word >> 16 >= threshold - 32768) mask[i] = scale;
    if (i + half < size && (word << 16) >> 16 >= threshold - 32768) mask[i + half] = scale;
  }
  return tf.tensor(mask, [...shape]);
});

function wordAt(i: number, first: number, second: number): number {
  const [a, b, c] = hash.shifts;
  let word = Math.imul(i, hash.stride) + first;
  word = Math.imul(word ^ (word >>> a), hash.first);
  word = Math.imul((word ^ (word >>> b)) + second, hash.second);
  return word ^ (word >>> c);
}
