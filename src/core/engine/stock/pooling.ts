import type { Conv2dAttributes } from '../ops/conv2d';
import type { Window } from '../ops/geometry';
import { run } from '../ops/kernel';
import * as tf from '../tf';
import { channelsLast, channelsSecond, convolution, inputGradient, padded, unpadded } from './conv2d';
import { define } from './define';

type Maps = [n: number, channels: number, height: number, width: number];

/** Padding that no value is below. */
const lowest = -3.4028234663852886e38;

const poolAttributes = ({ size, strides }: Window) => ({ filterSize: [...size], strides: [...strides], pad: 'valid' });
const pooled = (input: tf.Tensor, window: Window) => run('MaxPool', { x: input }, poolAttributes(window));

define<'x', Window>('ThawMaxPool', ({ x }, window) => channelsSecond(pooled(channelsLast(padded(x, window.pads, lowest)), window)));

/** dy goes to where the maxima came from (the first of equals). */
define<'dy' | 'x', Window>('ThawMaxPoolGradient', ({ dy, x }, window) => {
  const input = channelsLast(padded(x, window.pads, lowest));
  const given = { dy: channelsLast(dy), input, output: pooled(input, window) };
  return unpadded(channelsSecond(run('MaxPoolGrad', given, poolAttributes(window))), window.pads, x.shape);
});

/** As a convolution with ones, divided by how many positions each window covers: stock pools err at the border. */
define<'x', Window>('ThawAveragePool', ({ x }, window) => {
  const { ones, attributes, covered } = averaging(x, window);
  return tf.div(convolution(x, ones, attributes), covered);
});

define<'dy' | 'x', Window>('ThawAveragePoolGradient', ({ dy, x }, window) => {
  const { ones, attributes, covered } = averaging(x, window);
  return inputGradient(tf.div(dy, covered), ones, x.shape as Maps, attributes);
});

function averaging(x: tf.Tensor, window: Window) {
  const [, channels, height, width] = x.shape as Maps;
  const ones = tf.ones([channels, 1, ...window.size]);
  const attributes: Conv2dAttributes = { ...window, groups: channels };
  return { ones, attributes, covered: convolution(tf.ones([1, channels, height, width]), ones, attributes) };
}

define<'x'>('ThawGlobalAveragePool', ({ x }) => tf.mean(x, [2, 3]));

define<'dy' | 'x'>('ThawGlobalAveragePoolGradient', ({ dy, x }) => {
  const [n, channels, height, width] = x.shape as Maps;
  return tf.broadcastTo(tf.reshape(tf.div(dy, height * width), [n, channels, 1, 1]), x.shape as Maps);
});
