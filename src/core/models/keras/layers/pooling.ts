import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { averagePool2d, globalAveragePool, maxPool2d, type PoolOptions, tf } from '../../../engine/ops';
import { outputSize, windowOf } from '../../../engine/ops/geometry';
import type { Shape } from '../../../nn';
import { type About, kind, onlyInput, Plain } from '../layer';
import { enginePadding, padding, pair } from './common';

const pool = z.object({ pool_size: pair.default([2, 2]), strides: pair.nullish(), padding: padding.default('valid') });
const whole = z.object({ keepdims: z.boolean().default(false) });

function pooling(type: string, over: (x: Tensor, options: PoolOptions) => Tensor) {
  return kind(pool, ({ pool_size, strides, padding }, about) => {
    const options = { size: pool_size, strides: strides ?? pool_size, padding: enginePadding(padding) } as const;
    const shape = ([input]: readonly Shape[]): Shape => {
      const [channels, height, width] = input as [number, number, number];
      return [channels, ...outputSize([height, width], windowOf([height, width], options.size, options))];
    };
    return new Plain(`${type} ${pool_size.join('×')}`, [onlyInput(about, 3)], ([x]) => over(x as Tensor, options), shape);
  });
}

/** [N, C, H, W] → [N, C], or [N, C, 1, 1] with `keepdims` */
function globalPooling(type: string, over: (x: Tensor) => Tensor) {
  return kind(whole, ({ keepdims }, about: About) => {
    const compute = ([x]: readonly Tensor[]) => {
      const y = over(x as Tensor);
      return keepdims ? tf.reshape(y, [...y.shape, 1, 1]) : y;
    };
    const shape = ([input]: readonly Shape[]): Shape => [(input as Shape)[0] as number, ...(keepdims ? [1, 1] : [])];
    return new Plain(type, [onlyInput(about, 3)], compute, shape);
  });
}

/** The largest of each map; its gradient goes to all equals in equal parts, as TensorFlow's (tfjs gives each the whole). */
const globalMaximum = tf.customGrad((x, save) => {
  const largest = tf.max(x as Tensor, [2, 3], true); // [N, C, 1, 1]
  (save as tf.GradSaveFunc)([x as Tensor, largest]);
  return {
    value: tf.reshape(largest, largest.shape.slice(0, 2)),
    gradFunc: (dy, [maps, most]) => {
      const equals = tf.cast(tf.equal(maps as Tensor, most as Tensor), 'float32');
      return tf.mul(tf.div(equals, tf.sum(equals, [2, 3], true)), tf.reshape(dy, (most as Tensor).shape));
    },
  };
});

export const poolings = {
  MaxPooling2D: pooling('MaxPooling2D', maxPool2d),
  AveragePooling2D: pooling('AveragePooling2D', averagePool2d),
  GlobalAveragePooling2D: globalPooling('GlobalAveragePooling2D', globalAveragePool),
  GlobalMaxPooling2D: globalPooling('GlobalMaxPooling2D', (x) => globalMaximum(x)),
};
