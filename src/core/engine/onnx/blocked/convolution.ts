import type { Conv2dAttributes } from '../../ops/conv2d';
import type { Graph, Value } from '../graph';
import { dense, denseFilterGradient, denseInputGradient } from './dense';
import { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
import { type Maps, mapsOf, worthwhile } from './layout';
import { pointwise, pointwiseFilterGradient, pointwiseInputGradient } from './pointwise';
import { stem, stemFilterGradient } from './stem';

/** The convolutions that have a form in blocks. Null everywhere below: this one has none, or none that pays. */
type Kind = 'pointwise' | 'depthwise' | 'stem' | 'dense';

function kindOf(g: Graph, [, channels]: Maps, [outputs]: Maps, { groups, size, strides, dilations, pads }: Conv2dAttributes): Kind | null {
  if (!worthwhile(g, outputs)) return null;
  if (groups === 1 && channels < g.layout.block && size[0] * size[1] > 1) return 'stem';
  if (!worthwhile(g, channels)) return null;
  const unpadded = pads.top + pads.left + pads.bottom + pads.right === 0;
  if (groups === 1 && size[0] * size[1] * strides[0] * strides[1] === 1 && unpadded) return 'pointwise';
  if (groups === 1 && size[0] * size[1] > 1) return 'dense';
  if (groups === channels && outputs === channels && dilations[0] * dilations[1] === 1) return 'depthwise';
  return null;
}

/**
 * A filter that is constant, over maps that are row-major, belongs to a frozen part: onnxruntime's optimiser puts such
 * convolutions into blocks itself, and folds the batch norms after them.
 */
export function blockedConvolution(g: Graph, x: Value, filter: Value, attributes: Conv2dAttributes): Value | null {
  if (!x.blocks && g.dataOf(filter)) return null;
  switch (kindOf(g, mapsOf(x), mapsOf(filter), attributes)) {
    case 'pointwise':
      return pointwise(g, x, filter);
    case 'depthwise':
      return depthwise(g, x, filter, attributes);
    case 'stem':
      return x.blocks ? null : stem(g, x, filter, attributes);
    case 'dense':
      return dense(g, x, filter, attributes);
    case null:
      return null;
  }
}

export function blockedInputGradient(g: Graph, dy: Value, filter: Value, inputShape: Maps, attributes: Conv2dAttributes): Value | null {
  if (!dy.blocks && g.dataOf(filter)) return null;
  switch (kindOf(g, inputShape, mapsOf(filter), attributes)) {
    case 'pointwise':
      return pointwiseInputGradient(g, dy, filter);
    case 'depthwise':
      return depthwiseInputGradient(g, dy, filter, inputShape, attributes);
    case 'dense':
      return denseInputGradient(g, dy, filter, inputShape, attributes);
    case 'stem':
    case null:
      return null;
  }
}

export function blockedFilterGradient(g: Graph, x: Value, dy: Value, filterShape: Maps, attributes: Conv2dAttributes): Value | null {
  switch (kindOf(g, mapsOf(x), filterShape, attributes)) {
    case 'pointwise':
      return pointwiseFilterGradient(g, x, dy);
    case 'depthwise':
      return depthwiseFilterGradient(g, x, dy, attributes);
    case 'stem':
      return x.blocks ? null : stemFilterGradient(g, x, dy, attributes);
    case 'dense':
      return denseFilterGradient(g, x, dy, attributes);
    case null:
      return null;
  }
}
