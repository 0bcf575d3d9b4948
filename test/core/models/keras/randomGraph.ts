import fc from 'fast-check';
import type { KerasGraph, KerasLayer } from '../../../../src/core/models/keras';

interface Value {
  readonly name: string;
  /** Keras's [H, W, C]. */
  readonly side: readonly [number, number];
  readonly channels: number;
}

const size = 8;
const ceil = (n: number, stride: number) => Math.ceil(n / stride);

/**
 * Random graphs over pictures of 8 × 8: convolutions of all kinds, norms, pools, paddings, merges, shared layers and models
 * inside, all of it leading to one dense layer.
 */
export const randomGraph: fc.Arbitrary<KerasGraph> = fc
  .array(fc.tuple(fc.nat(11), fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 12 })
  .map((choices) => graphOf('random', { side: [size, size], channels: 3 }, choices, true));

type Choice = [kind: number, a: number, b: number];

function graphOf(name: string, input: Omit<Value, 'name'>, choices: readonly Choice[], top: boolean): KerasGraph {
  const layers: KerasLayer[] = [{ name: 'picture', type: 'InputLayer', config: { shape: [...input.side, input.channels] }, calls: [[]] }];
  const values: Value[] = [{ ...input, name: 'picture' }];
  const used = new Set<string>();
  const add = (type: string, inputs: Value[], config: Record<string, unknown>, value: Omit<Value, 'name'>, graph?: KerasGraph) => {
    const layer = `l${layers.length}`;
    for (const { name } of inputs) used.add(name);
    layers.push({ name: layer, type, config, calls: [inputs.map((given) => given.name)], ...(graph && { graph }) });
    values.push({ ...value, name: layer });
  };
  for (const [kind, a, b] of choices) {
    const x = values[a % values.length] as Value;
    const { side, channels } = x;
    const [height, width] = side;
    const stride = 1 + (b % 2);
    const halved = [ceil(height, stride), ceil(width, stride)] as const;
    const window = { kernel_size: [1 + (b % 3), 1 + (a % 3)], strides: [stride, stride], padding: 'same', use_bias: b % 5 > 0 };
    const other = values.findLast((y) => y !== x && y.side.join() === side.join());
    const twin = values.findLast((y) => y !== x && y.side.join() === side.join() && y.channels === channels);
    switch (kind) {
      case 0:
        add(
          'Conv2D',
          [x],
          { ...window, filters: 1 + (a % 4), activation: b % 2 ? 'relu' : 'linear' },
          { side: halved, channels: 1 + (a % 4) },
        );
        break;
      case 1:
        add('DepthwiseConv2D', [x], { ...window, depth_multiplier: 1 + (a % 2) }, { side: halved, channels: channels * (1 + (a % 2)) });
        break;
      case 2:
        add('SeparableConv2D', [x], { ...window, filters: 2 }, { side: halved, channels: 2 });
        break;
      case 3:
        add('BatchNormalization', [x], { scale: a % 3 > 0, center: b % 3 > 0 }, { side, channels });
        break;
      case 4:
        add('Activation', [x], { activation: ['relu', 'tanh', 'swish', 'softmax'][b % 4] }, { side, channels });
        break;
      case 5:
        add(
          b % 2 ? 'MaxPooling2D' : 'AveragePooling2D',
          [x],
          { pool_size: [2, 3], strides: [stride, stride], padding: 'same' },
          { side: halved, channels },
        );
        break;
      case 6:
        add(
          'ZeroPadding2D',
          [x],
          {
            padding: [
              [a % 2, 1],
              [0, b % 2],
            ],
          },
          { side: [height + (a % 2) + 1, width + (b % 2)], channels },
        );
        break;
      case 7:
        if (twin) add(['Add', 'Multiply', 'Maximum', 'Average'][b % 4] as string, [x, twin], {}, { side, channels });
        break;
      case 8:
        if (other) add('Concatenate', [x, other], { axis: -1 }, { side, channels: channels + other.channels });
        break;
      case 9:
        add('LayerNormalization', [x], { epsilon: 0.01 }, { side, channels });
        break;
      case 10: {
        if (!top) break;
        const inner = graphOf(
          `inside${layers.length}`,
          { side, channels },
          [
            [0, a, b],
            [3, 1, a],
            [7, a, b],
            [0, b, 3],
          ],
          false,
        );
        const last = shapeOf(inner, { side, channels });
        add('Functional', [x], {}, last, inner);
        break;
      }
      case 11: {
        const shared = layers.findLast(
          ({ type, calls }) => type === 'LayerNormalization' && values.find(({ name }) => name === calls[0]?.[0])?.channels === channels,
        );
        if (!shared) break;
        const again = { ...shared, calls: [...shared.calls, [x.name]] };
        layers[layers.indexOf(shared)] = again;
        used.add(x.name);
        values.push({ side, channels, name: `${shared.name}:${shared.calls.length}` });
      }
    }
  }
  const loose = values.filter(({ name }) => !used.has(name));
  if (!top) {
    // One of them is the result; a 1 × 1 convolution keeps its shape known.
    const result = loose.at(-1) as Value;
    layers.push({ name: 'result', type: 'Conv2D', config: { filters: 2, kernel_size: [1, 1] }, calls: [[result.name]] });
    return { name, layers: reachable(layers, 'result'), output: 'result' };
  }
  const pooled = loose.map(({ name: value }, i) => {
    layers.push({ name: `pool${i}`, type: 'GlobalAveragePooling2D', config: {}, calls: [[value]] });
    return `pool${i}`;
  });
  if (pooled.length > 1) layers.push({ name: 'joined', type: 'Concatenate', config: {}, calls: [pooled] });
  const last = pooled.length > 1 ? 'joined' : (pooled[0] as string);
  layers.push({ name: 'answer', type: 'Dense', config: { units: 3, activation: 'softmax' }, calls: [[last]] });
  return { name, layers, output: 'answer' };
}

/** Layers that the output needs: Keras keeps no others. */
function reachable(layers: readonly KerasLayer[], output: string): KerasLayer[] {
  const needed = new Set<string>();
  const visit = (value: string) => {
    const [name] = value.split(':') as [string];
    if (needed.has(name)) return;
    needed.add(name);
    for (const inputs of layers.find((layer) => layer.name === name)?.calls ?? []) inputs.forEach(visit);
  };
  visit(output);
  return layers.filter(({ name, type }) => needed.has(name) || type === 'InputLayer');
}

/** Sides of the result of `graphOf(…, false)`: those of what its last convolution takes. */
function shapeOf(graph: KerasGraph, input: Omit<Value, 'name'>): Omit<Value, 'name'> {
  const sides = new Map<string, readonly [number, number]>();
  for (const { name, type, config, calls } of graph.layers) {
    const given = type === 'InputLayer' ? input.side : sides.get(calls[0]?.[0] as string);
    const [stride] = (config.strides as number[] | undefined) ?? [1];
    const [height, width] = given as readonly [number, number];
    sides.set(name, [ceil(height, stride as number), ceil(width, stride as number)]);
  }
  return { side: sides.get(graph.output) as readonly [number, number], channels: 2 };
}
