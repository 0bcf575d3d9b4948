import type { Conv2dAttributes } from '../../ops/conv2d';
import { extent, outputSize } from '../../ops/geometry';
import { blockedConvolution, blockedFilterGradient, blockedInputGradient } from '../blocked/convolution';
import type { Attributes, Graph, Value } from '../graph';
import { define, floats } from '../kernels/define';
import { isSmallDepthwise, smallDepthwise, smallDepthwiseFilterGradient, smallDepthwiseInputGradient } from './smallDepthwise';

type Maps = [n: number, channels: number, height: number, width: number];

define<'x' | 'filter', Conv2dAttributes>(
  'ThawConv2d',
  (g, { x, filter }, attributes) => {
    const blocked = blockedConvolution(g, x, filter, attributes);
    if (blocked) return blocked;
    const small = isSmallDepthwise(g, x.shape as Maps, filter.shape, filter, attributes);
    return small ? smallDepthwise(g, x, filter, attributes) : convolution(g, x, filter, attributes);
  },
  floats,
);

define<'dy' | 'filter', Conv2dAttributes & { inputShape: Maps }>(
  'ThawConv2dInputGradient',
  (g, { dy, filter }, { inputShape, ...attributes }) => {
    const blocked = blockedInputGradient(g, dy, filter, inputShape, attributes);
    if (blocked) return blocked;
    const small = isSmallDepthwise(g, inputShape, filter.shape, filter, attributes);
    return (small ? smallDepthwiseInputGradient : inputGradient)(g, dy, filter, inputShape, attributes);
  },
  floats,
);

define<'x' | 'dy', Conv2dAttributes & { filterShape: Maps }>(
  'ThawConv2dFilterGradient',
  (g, { x, dy }, { filterShape, ...attributes }) => {
    const blocked = blockedFilterGradient(g, x, dy, filterShape, attributes);
    if (blocked) return blocked;
    const { groups, size, strides, pads } = attributes;
    const pointwise = size[0] * size[1] === 1 && strides[0] * strides[1] === 1 && !Object.values(pads).some((n) => n !== 0);
    if (groups === 1 && pointwise) return g.reshape(channelProducts(g, dy, x), filterShape);
    if (isSmallDepthwise(g, x.shape as Maps, filterShape, null, attributes))
      return smallDepthwiseFilterGradient(g, x, dy, filterShape, attributes);
    if (filterShape[1] === 1 && filterShape[0] === groups) return depthwiseFilterGradient(g, x, dy, filterShape, attributes);
    return groupedFilterGradient(g, x, dy, filterShape, attributes);
  },
  floats,
);

export function convolution(g: Graph, x: Value, filter: Value, attributes: Conv2dAttributes): Value {
  const [n, , height, width] = x.shape as Maps;
  const shape = [n, filter.shape[0] as number, ...outputSize([height, width], attributes)];
  return g.node('Conv', [x, filter], shape, convAttributes(attributes));
}

function convAttributes({ groups, size, strides, dilations, pads }: Conv2dAttributes): Attributes {
  return {
    group: groups,
    kernel_shape: [...size],
    strides: [...strides],
    dilations: [...dilations],
    pads: [pads.top, pads.left, pads.bottom, pads.right],
  };
}

/** Rows and columns at the end that no window reaches, as the stride steps over them. */
function unreached([height, width]: readonly number[], output: readonly number[], { strides, pads, ...window }: Conv2dAttributes) {
  const rest = (length: number, padding: number, axis: 0 | 1) =>
    length + padding - (((output[axis] as number) - 1) * strides[axis] + extent(window, axis));
  return [rest(height as number, pads.top + pads.bottom, 0), rest(width as number, pads.left + pads.right, 1)] as const;
}

/** dy: [N, O, H', W'], filter: [O, C/groups, kh, kw] → dx: [N, C, H, W] */
export function inputGradient(g: Graph, dy: Value, filter: Value, inputShape: Maps, attributes: Conv2dAttributes): Value {
  const { strides, pads } = attributes;
  const rest = unreached(inputShape.slice(2), dy.shape.slice(2), attributes);
  const reach = [extent(attributes, 0) - 1, extent(attributes, 1) - 1] as const;
  const full = {
    top: reach[0] - pads.top,
    left: reach[1] - pads.left,
    bottom: reach[0] - pads.bottom + rest[0],
    right: reach[1] - pads.right + rest[1],
  };
  if (strides[0] * strides[1] === 1 && Object.values(full).every((n) => n >= 0))
    return convolution(g, dy, turned(g, filter, attributes.groups), { ...attributes, pads: full });
  return g.node('ConvTranspose', [dy, filter], inputShape, { ...convAttributes(attributes), output_padding: [...rest] });
}

/** [O, C/groups, kh, kw] → [C, O/groups, kh, kw], taps reversed: the filter that leads back from outputs to inputs. */
function turned(g: Graph, filter: Value, groups: number): Value {
  const [outputs, inputs, ...size] = filter.shape as Maps;
  const parts = g.reshape(filter, [groups, outputs / groups, inputs, ...size]);
  const swapped = g.reshape(g.transpose(parts, [0, 2, 1, 3, 4]), [groups * inputs, outputs / groups, ...size]);
  return g.reverse(
    swapped,
    [2, 3].filter((axis) => size[axis - 2] !== 1),
  );
}

/** Σ over examples and positions of a·b for each pair of channels. a: [N, A, …], b: [N, B, …] → [A, B] */
function channelProducts(g: Graph, a: Value, b: Value): Value {
  const rows = (x: Value) => {
    const [n, channels, height, width] = x.shape as Maps;
    return g.reshape(g.transpose(g.reshape(x, [n, channels, height * width]), [1, 0, 2]), [channels, n * height * width]);
  };
  return g.node('Gemm', [rows(a), rows(b)], [a.shape[1] as number, b.shape[1] as number], { transB: 1 });
}

/**
 * The gradient of a filter is itself a convolution, of the input with dy as the filter: strides and dilations change roles,
 * and what no window reaches is cut off.
 */
function withGradientAsFilter(g: Graph, x: Value, dy: Value, attributes: Conv2dAttributes): Value {
  const [, , height, width] = x.shape as Maps;
  const rest = unreached([height, width], dy.shape.slice(2), attributes);
  const { top, left, bottom, right } = attributes.pads;
  const [cutRows, cutColumns] = [Math.max(0, rest[0] - bottom), Math.max(0, rest[1] - right)];
  const reached = cutRows + cutColumns === 0 ? x : g.slice(x, [2, 3], [0, 0], [height - cutRows, width - cutColumns]);
  return convolution(g, reached, dy, {
    groups: attributes.groups,
    size: [dy.shape[2] as number, dy.shape[3] as number],
    strides: attributes.dilations,
    dilations: attributes.strides,
    pads: { top, left, bottom: bottom - rest[0] + cutRows, right: right - rest[1] + cutColumns },
  });
}

/**
 * Row by row of the filter: products of the rows of x that it meets with the rows of dy, [W, N·H'] by [N·H', W'] for each
 * channel, hold the sums for every pair of columns; those that belong to a tap lie on a band, which a constant matrix sums.
 */
function depthwiseFilterGradient(g: Graph, x: Value, dy: Value, filterShape: Maps, attributes: Conv2dAttributes): Value {
  const { size, strides, dilations, pads } = attributes;
  const [n, channels, , width] = x.shape as Maps;
  const [, , outHeight, outWidth] = dy.shape as Maps;
  const padded = g.pad(g.transpose(x, [1, 0, 2, 3]), [0, 0, pads.top, 0], [0, 0, pads.bottom, 0]); // [C, N, top + H + bottom, W]
  const dyRows = g.reshape(g.transpose(dy, [1, 0, 2, 3]), [channels, n * outHeight, outWidth]);
  const bands = bandsOf(g, width, outWidth, attributes);
  const taps = Array.from({ length: size[0] }, (_, i) => {
    const first = i * dilations[0];
    const met = g.slice(padded, [2], [first], [first + (outHeight - 1) * strides[0] + 1], [strides[0]]); // [C, N, H', W]
    const rows = g.transpose(g.reshape(met, [channels, n * outHeight, width]), [0, 2, 1]);
    const products = g.node('MatMul', [rows, dyRows], [channels, width, outWidth]);
    return g.node('MatMul', [g.reshape(products, [channels, width * outWidth]), bands], [channels, size[1]]);
  });
  return g.reshape(g.concat(taps, 1), filterShape);
}

/** [W·W', kw]: 1 where tap j leads from column w of x to column w' of dy, w = stride·w' + dilation·j − left. */
function bandsOf(g: Graph, width: number, outWidth: number, { size, strides, dilations, pads }: Conv2dAttributes): Value {
  const bands = new Float32Array(width * outWidth * size[1]);
  for (let out = 0; out < outWidth; out++)
    for (let tap = 0; tap < size[1]; tap++) {
      const column = strides[1] * out + dilations[1] * tap - pads.left;
      if (column >= 0 && column < width) bands[(column * outWidth + out) * size[1] + tap] = 1;
    }
  return g.floats(bands, [width * outWidth, size[1]]);
}

/** Input channels take the role of examples, examples that of channels. */
function groupedFilterGradient(g: Graph, x: Value, dy: Value, filterShape: Maps, attributes: Conv2dAttributes): Value {
  const { groups } = attributes;
  const [n, , height, width] = x.shape as Maps;
  const [outputs, inputs, ...size] = filterShape;
  const parts = g.transpose(g.reshape(x, [n, groups, inputs, height, width]), [2, 1, 0, 3, 4]); // [C/groups, groups, N, H, W]
  const each = withGradientAsFilter(g, g.reshape(parts, [inputs, groups * n, height, width]), g.transpose(dy, [1, 0, 2, 3]), attributes);
  return g.transpose(g.reshape(each, [inputs, outputs, ...size]), [1, 0, 2, 3]);
}
