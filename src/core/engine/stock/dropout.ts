import { columnsOf, type DropoutAttributes, hash, keptScale } from '../ops/dropout';
import * as tf from '../tf';
import { define } from './define';

/** Counted here, not by the backend: tfjs's integers do not wrap around in every backend. */
define<'key', DropoutAttributes>('ThawDropoutMask', ({ key }, attributes, backend) => {
  const [first, second] = backend.readSync(key.dataId) as Int32Array as unknown as [number, number];
  const { shape, name, threshold } = attributes;
  const size = tf.util.sizeFromShape([...shape]);
  const scale = keptScale(attributes);
  const columns = columnsOf(size);
  const rows = Math.ceil(size / columns);
  const words = Int32Array.from({ length: rows + columns }, (_, i) => wordAt(i, (first + name[0]) | 0, (second + name[1]) | 0));
  const mask = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const product = Math.imul(words[Math.floor(i / columns)] as number, words[rows + (i % columns)] as number);
    if (product >> 16 >= threshold - 32768) mask[i] = scale;
  }
  return tf.tensor(mask, [...shape]);
});

function wordAt(i: number, first: number, second: number): number {
  const [a, b, c] = hash.shifts;
  let word = Math.imul(i, hash.stride) + first;
  word = Math.imul(word ^ (word >>> a), hash.first);
  word = Math.imul((word ^ (word >>> b)) + second, hash.second);
  return (word ^ (word >>> c)) | 1;
}
