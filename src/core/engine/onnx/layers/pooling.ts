import { outputSize, type Window } from '../../ops/geometry';
import { blockedGlobalAveragePool, blockedGlobalAveragePoolGradient } from '../blocked/elementwise';
import type { Attributes, Graph, Value } from '../graph';
import { define, floats } from '../kernels/define';
import { sizeOf } from '../shapes';
import { inputGradient } from './conv2d';

type Maps = [n: number, channels: number, height: number, width: number];

define<'x', Window>('ThawMaxPool', (g, { x }, window) => g.node('MaxPool', [x], pooledShape(x, window), poolAttributes(window)), floats);

/** dy goes to where the maxima came from (the first of equals). */
define<'dy' | 'x', Window>(
  'ThawMaxPoolGradient',
  (g, { dy, x }, window) => {
    const shape = pooledShape(x, window);
    const outputs = [
      { shape, dtype: 'float32' },
      { shape, dtype: 'int64' }, // positions in x as a whole
    ] as const;
    const [, positions] = g.nodes('MaxPool', [x], outputs, poolAttributes(window)) as [Value, Value];
    const zeros = g.node('Expand', [g.scalar(0), g.integers([sizeOf(x.shape)])], [sizeOf(x.shape)]);
    const [to, from] = [g.reshape(positions, [sizeOf(shape)]), g.reshape(dy, [sizeOf(shape)])];
    return g.reshape(g.node('ScatterElements', [zeros, to, from], zeros.shape, { axis: 0, reduction: 'add' }), x.shape);
  },
  floats,
);

define<'x', Window>(
  'ThawAveragePool',
  (g, { x }, window) => g.node('AveragePool', [x], pooledShape(x, window), { ...poolAttributes(window), count_include_pad: 0 }),
  floats,
);

/** Each position gets its share of every window that covers it: a convolution's input gradient, with ones as the filter. */
define<'dy' | 'x', Window>(
  'ThawAveragePoolGradient',
  (g, { dy, x }, window) => {
    const channels = x.shape[1] as number;
    const ones = g.floats(Array<number>(channels * window.size[0] * window.size[1]).fill(1), [channels, 1, ...window.size]);
    return inputGradient(g, g.multiply(dy, shares(g, x, window)), ones, x.shape as Maps, { ...window, groups: channels });
  },
  floats,
);

define<'x'>(
  'ThawGlobalAveragePool',
  (g, { x }) => {
    if (x.blocks) return blockedGlobalAveragePool(g, x);
    const [n, channels] = x.shape as Maps;
    return g.reshape(g.node('GlobalAveragePool', [x], [n, channels, 1, 1]), [n, channels]);
  },
  floats,
);

define<'dy' | 'x'>(
  'ThawGlobalAveragePoolGradient',
  (g, { dy, x }) => {
    if (x.blocks) return blockedGlobalAveragePoolGradient(g, dy, x);
    const [n, channels, height, width] = x.shape as Maps;
    const share = g.reshape(g.scale(dy, 1 / (height * width)), [n, channels, 1, 1]);
    return g.node('Expand', [share, g.integers(x.shape)], x.shape);
  },
  floats,
);

function pooledShape(x: Value, window: Window): number[] {
  const [n, channels, height, width] = x.shape as Maps;
  return [n, channels, ...outputSize([height, width], window)];
}

function poolAttributes({ size, strides, pads }: Window): Attributes {
  return { kernel_shape: [...size], strides: [...strides], pads: [pads.top, pads.left, pads.bottom, pads.right] };
}

/** 1 / how many positions of x each window covers: [1, 1, H', W'] */
function shares(g: Graph, x: Value, window: Window): Value {
  const [, , height, width] = x.shape as Maps;
  const [rows, columns] = outputSize([height, width], window);
  const covered = (output: number, before: number, stride: number, size: number, length: number) => {
    const first = output * stride - before;
    return Math.min(length, first + size) - Math.max(0, first);
  };
  const values = Array.from({ length: rows * columns }, (_, i) => {
    const vertical = covered(Math.floor(i / columns), window.pads.top, window.strides[0], window.size[0], height);
    return 1 / (vertical * covered(i % columns, window.pads.left, window.strides[1], window.size[1], width));
  });
  return g.floats(values, [1, 1, rows, columns]);
}
