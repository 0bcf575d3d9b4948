import * as tf from '../tf';
import { define } from './define';

/** Each place takes its own row, or one of the new ones. */
define<'x' | 'rows' | 'from'>('ThawPutRows', ({ x, rows, from }) => {
  const [length, count] = [x.shape[0] as number, rows.shape[0] as number];
  const place = tf.sub(tf.range(0, length, 1, 'int32'), from); // among the new rows
  const isNew = tf.logicalAnd(tf.greaterEqual(place, 0), tf.less(place, count));
  const known = tf.minimum(tf.maximum(place, tf.scalar(0, 'int32')), tf.scalar(count - 1, 'int32'));
  return tf.where(tf.reshape(isNew, [length, ...x.shape.slice(1).map(() => 1)]), tf.gather(rows, known), x);
});
