import type { Graph, Value } from '../graph';
import { conv } from './conv';
import { asPlanes, blocksOf, type Maps, mapsOf, whole } from './layout';

/*
 * Sums over examples and positions go in two levels, the first over at most about 64 positions, which keeps float32's
 * rounding small: each plane is cut into strips of rows, and a plane's strips become channels of their own.
 */
const positionsAtOnce = 64;

/** Mean of each channel, [C] with the padding. */
export function means(g: Graph, x: Value): Value {
  const { strips, rows, width, channels } = stripsOf(g, mapsOf(x));
  const first = average(g, g.reshape(blocksOf(g, x), [1, channels * strips, rows, width]));
  return g.reshape(average(g, g.reshape(first, [1, channels, strips, 1])), [channels]);
}

/** Mean of each plane: [1, C·N, 1, 1] */
export function planeMeans(g: Graph, x: Value): Value {
  return average(g, asPlanes(g, x));
}

/**
 * Mean of a·b for each channel, [C]: a depthwise convolution of a with b as its filter, so that the products are never
 * stored.
 */
export function meanProducts(g: Graph, a: Value, b: Value): Value {
  const maps = mapsOf(a);
  const { strips, rows, width, channels } = stripsOf(g, maps);
  const group = channels * strips;
  const x = g.reshape(blocksOf(g, a), [1, group, rows, width]);
  const filter = g.reshape(blocksOf(g, b), [group, 1, rows, width]);
  const sums = conv(g, { x, filter }, [1, group, 1, 1], { group, kernel_shape: [rows, width] });
  const mean = g.reshape(average(g, g.reshape(sums, [1, channels, strips, 1])), [channels]);
  return g.scale(mean, 1 / (rows * width));
}

function average(g: Graph, x: Value): Value {
  return g.node('com.microsoft.nchwc.GlobalAveragePool', [x], [x.shape[0] as number, x.shape[1] as number, 1, 1]);
}

function stripsOf(g: Graph, [n, channels, height, width]: Maps) {
  let rows = height;
  for (let parts = 1; parts <= height; parts++) {
    if (height % parts !== 0) continue;
    rows = height / parts;
    if (rows * width <= positionsAtOnce) break;
  }
  return { strips: (n * height) / rows, rows, width, channels: whole(g, channels) };
}
