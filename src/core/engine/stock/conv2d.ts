import type { Conv2dAttributes } from '../ops/conv2d';
import { extent, type Sides } from '../ops/geometry';
import { run } from '../ops/kernel';
import * as tf from '../tf';
import { define } from './define';

type Maps = [n: number, channels: number, height: number, width: number];

/** Stock backends compute on [N, H, W, C]. */
export const channelsLast = (x: tf.Tensor) => tf.transpose(x, [0, 2, 3, 1]) as tf.Tensor4D;
export const channelsSecond = (x: tf.Tensor) => tf.transpose(x, [0, 3, 1, 2]) as tf.Tensor4D;

export function padded(x: tf.Tensor, { top, left, bottom, right }: Sides, value = 0): tf.Tensor {
  return top + left + bottom + right === 0
    ? x
    : tf.pad(
        x,
        [
          [0, 0],
          [0, 0],
          [top, bottom],
          [left, right],
        ],
        value,
      );
}

/** [N, C, H, W] out of the padded map. */
export function unpadded(x: tf.Tensor, { top, left }: Sides, shape: readonly number[]): tf.Tensor {
  return tf.slice(x, [0, 0, top, left], [...shape]);
}

function paddedShape([n, channels, height, width]: Maps, { top, left, bottom, right }: Sides): Maps {
  return [n, channels, height + top + bottom, width + left + right];
}

define<'x' | 'filter', Conv2dAttributes>('ThawConv2d', ({ x, filter }, attributes) => convolution(x, filter, attributes));

define<'dy' | 'filter', Conv2dAttributes & { inputShape: Maps }>(
  'ThawConv2dInputGradient',
  ({ dy, filter }, { inputShape, ...attributes }) => inputGradient(dy, filter, inputShape, attributes),
);

define<'x' | 'dy', Conv2dAttributes & { filterShape: Maps }>('ThawConv2dFilterGradient', ({ x, dy }, { filterShape, ...attributes }) => {
  const form = formOf(filterShape, attributes);
  const given = { x: channelsLast(padded(x, attributes.pads)), dy: channelsLast(dy) };
  const gradient = run(`${form.kernel}BackpropFilter`, given, { ...form.attributes, filterShape: form.packedShape });
  return undilated(form.unpacked(gradient), filterShape, attributes);
});

export function convolution(x: tf.Tensor, filter: tf.Tensor, attributes: Conv2dAttributes): tf.Tensor {
  const form = formOf(filter.shape as Maps, attributes);
  const given = { x: channelsLast(padded(x, attributes.pads)), filter: form.packed(dilated(filter, attributes)) };
  return channelsSecond(run(form.kernel, given, { ...form.attributes, dilations: [1, 1] }));
}

export function inputGradient(dy: tf.Tensor, filter: tf.Tensor, inputShape: Maps, attributes: Conv2dAttributes): tf.Tensor {
  const form = formOf(filter.shape as Maps, attributes);
  const [n, channels, height, width] = paddedShape(inputShape, attributes.pads);
  const given = { dy: channelsLast(dy), filter: form.packed(dilated(filter, attributes)) };
  const gradient = run(`${form.kernel}BackpropInput`, given, { ...form.attributes, inputShape: [n, height, width, channels] });
  return unpadded(channelsSecond(gradient), attributes.pads, inputShape);
}

/** The stock kernel for a convolution, and how its filter is laid out for it. */
interface Form {
  readonly kernel: 'Conv2D' | 'DepthwiseConv2dNative';
  readonly attributes: object;
  readonly packedShape: number[];
  /** [O, C/groups, kh, kw], dilated, → as the kernel takes it */
  packed(filter: tf.Tensor): tf.Tensor;
  /** The gradient, the same way back. */
  unpacked(gradient: tf.Tensor): tf.Tensor;
}

/**
 * Groups of one input channel each have kernels of their own, with equal strides alone; other groups are one convolution
 * whose filter is zero between groups.
 */
function formOf([outputs, inputs]: Maps, { groups, strides, size, dilations }: Conv2dAttributes): Form {
  const spans = [extent({ size, dilations }, 0), extent({ size, dilations }, 1)] as const;
  const attributes = { strides: [...strides], pad: 'valid', dataFormat: 'NHWC' };
  if (groups > 1 && inputs === 1 && strides[0] === strides[1]) {
    const each = outputs / groups;
    return {
      kernel: 'DepthwiseConv2dNative',
      attributes: { ...attributes, dilations: [1, 1] },
      packedShape: [...spans, groups, each],
      packed: (filter) => tf.transpose(tf.reshape(filter, [groups, each, ...spans]), [2, 3, 0, 1]),
      unpacked: (gradient) => tf.reshape(tf.transpose(gradient, [2, 3, 0, 1]), [outputs, 1, ...spans]),
    };
  }
  const channels = inputs * groups;
  const mask = () => groupMask(outputs, inputs, groups);
  return {
    kernel: 'Conv2D',
    attributes,
    packedShape: [...spans, channels, outputs],
    packed: (filter) => tf.transpose(groups === 1 ? filter : tf.mul(tf.tile(filter, [1, groups, 1, 1]), mask()), [2, 3, 1, 0]),
    unpacked: (gradient) => {
      const whole = tf.transpose(gradient, [3, 2, 0, 1]);
      if (groups === 1) return whole;
      return tf.sum(tf.reshape(tf.mul(whole, mask()), [outputs, groups, inputs, ...spans]), 1);
    },
  };
}

/** [O, C, 1, 1]: 1 where output and input channel are of one group. */
function groupMask(outputs: number, inputs: number, groups: number): tf.Tensor {
  const channels = inputs * groups;
  const group = (i: number) => [Math.floor(i / channels / (outputs / groups)), Math.floor((i % channels) / inputs)] as const;
  const values = Array.from({ length: outputs * channels }, (_, i) => Number(group(i)[0] === group(i)[1]));
  return tf.tensor(values, [outputs, channels, 1, 1]);
}

/** The filter with zeros between its taps: stock gradients know no dilation. */
function dilated(filter: tf.Tensor, attributes: Conv2dAttributes): tf.Tensor {
  const [rows, columns] = attributes.dilations;
  if (rows * columns === 1) return filter;
  const [outputs, inputs, height, width] = filter.shape as Maps;
  const taller = tf.pad(tf.reshape(filter, [outputs * inputs, height, 1, width]), [
    [0, 0],
    [0, 0],
    [0, rows - 1],
    [0, 0],
  ]);
  const pixels = tf.reshape(taller, [outputs * inputs, height * rows, width, 1]);
  const wider = tf.pad(pixels, [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, columns - 1],
  ]);
  const whole = tf.reshape(wider, [outputs, inputs, height * rows, width * columns]);
  return tf.slice(whole, [0, 0, 0, 0], [outputs, inputs, extent(attributes, 0), extent(attributes, 1)]);
}

function undilated(gradient: tf.Tensor, filterShape: Maps, { dilations }: Conv2dAttributes): tf.Tensor {
  if (dilations[0] * dilations[1] === 1) return tf.reshape(gradient, filterShape);
  return tf.stridedSlice(gradient, [0, 0, 0, 0], gradient.shape, [1, 1, ...dilations]);
}
