import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { tf } from '../../../engine/ops';
import type { Sides } from '../../../engine/ops/geometry';
import type { Shape } from '../../../nn';
import { type About, KerasModule, kind, onlyInput, Plain, refused } from '../layer';
import { fromKeras, kerasShape, ourShape, toKeras } from '../layout';
import { pair } from './common';

const whole = z.int().min(0);
/** Rows above and below, columns to the left and to the right: Keras writes all four; by hand one or two numbers will do. */
const sides = z
  .union([whole, z.tuple([whole, whole]), z.tuple([z.tuple([whole, whole]), z.tuple([whole, whole])])])
  .transform((value): [rows: Ends, columns: Ends] => {
    const [rows, columns] = typeof value === 'number' ? [value, value] : value;
    return [ends(rows), ends(columns)];
  });

type Ends = [before: number, after: number];
const ends = (value: number | Ends): Ends => (typeof value === 'number' ? [value, value] : value);

const size = (shape: Shape) => shape.reduce((a, b) => a * b, 1);

/** Zeros around maps. */
export class ZeroPadding2D extends KerasModule {
  readonly type = 'ZeroPadding2D';

  constructor(
    private readonly rows: Ends,
    private readonly columns: Ends,
    about: About,
  ) {
    super([onlyInput(about, 3)]);
  }

  get pads(): Sides {
    return { top: this.rows[0], bottom: this.rows[1], left: this.columns[0], right: this.columns[1] };
  }

  override apply([x]: readonly Tensor[]): Tensor {
    return tf.pad(x as Tensor, [[0, 0], [0, 0], this.rows, this.columns]);
  }

  override shapeOf([input]: readonly Shape[]): Shape {
    const [channels, height, width] = input as [number, number, number];
    return [channels, height + this.rows[0] + this.rows[1], width + this.columns[0] + this.columns[1]];
  }
}

const padded = kind(
  z.object({ padding: sides.prefault(1) }),
  ({ padding: [rows, columns] }, about) => new ZeroPadding2D(rows, columns, about),
);

const cropped = kind(z.object({ cropping: sides.prefault(0) }), ({ cropping: [rows, columns] }, about) => {
  const shape = ([input]: readonly Shape[]): Shape => {
    const [channels, height, width] = input as [number, number, number];
    const cut: Shape = [channels, height - rows[0] - rows[1], width - columns[0] - columns[1]];
    if (cut.some((side) => side < 1)) throw refused(about, l10n.t('nothing is left of its input [{0}]', (input as Shape).join(', ')));
    return cut;
  };
  const compute = ([x]: readonly Tensor[]) => {
    const value = x as Tensor;
    return tf.slice(value, [0, 0, rows[0], columns[0]], [value.shape[0] as number, ...shape([value.shape.slice(1)])]);
  };
  return new Plain('Cropping2D', [onlyInput(about, 3)], compute, shape);
});

const enlarged = kind(
  z.object({ size: pair.default([2, 2]), interpolation: z.string().default('nearest') }),
  ({ size, interpolation }, about) => {
    if (interpolation !== 'nearest') throw refused(about, l10n.t('it interpolates by "{0}"', interpolation));
    const [rows, columns] = size;
    const shape = ([input]: readonly Shape[]): Shape => {
      const [channels, height, width] = input as [number, number, number];
      return [channels, height * rows, width * columns];
    };
    // Copies side by side, then over each other: [N, C, H, W] → [N, C, H, W, columns] → [N, C, H, rows, W·columns] → …
    const compute = ([x]: readonly Tensor[]) => {
      const [n, channels, height, width] = (x as Tensor).shape as [number, number, number, number];
      const wide = tf.reshape(tf.stack(Array<Tensor>(columns).fill(x as Tensor), 4), [n, channels, height, width * columns]);
      return tf.reshape(tf.stack(Array<Tensor>(rows).fill(wide), 3), [n, channels, height * rows, width * columns]);
    };
    return new Plain('UpSampling2D', [onlyInput(about, 3)], compute, shape);
  },
);

/** What a map is flattened or reshaped to follows Keras's order of its values, so that the weights behind it fit. */
function reshaped(type: string, about: About, target: (size: number) => Shape): Plain {
  const shape = ([input]: readonly Shape[]) => ourShape(target(size(input as Shape)), about);
  const compute = ([x]: readonly Tensor[]) => {
    const value = x as Tensor;
    const [n, ...rest] = value.shape as [number, ...number[]];
    return fromKeras(tf.reshape(toKeras(value, about), [n, ...target(size(rest))]), about);
  };
  return new Plain(type, [onlyInput(about)], compute, shape);
}

/** With `channels_first`, Keras puts the channels of such maps last before it flattens them. */
const flattened = kind(z.object({ data_format: z.string().nullish() }), ({ data_format }, about) => {
  const turns = data_format === 'channels_first' && about.channelsFirst;
  return reshaped('Flatten', turns ? { ...about, channelsFirst: false } : about, (total) => [total]);
});

const reshape = kind(z.object({ target_shape: z.array(z.int().min(-1)) }), ({ target_shape }, about) => {
  if (target_shape.length > 3) throw refused(about, l10n.t('it gives values of rank {0}', target_shape.length));
  const known = target_shape.reduce((product, side) => (side < 0 ? product : product * side), 1);
  const target = (total: number): Shape => {
    const sides = target_shape.map((side) => (side < 0 ? total / known : side));
    if (size(sides) !== total || sides.some((side) => !Number.isInteger(side)))
      throw refused(about, l10n.t('{0} values do not fit into [{1}]', total, target_shape.join(', ')));
    return sides;
  };
  return reshaped('Reshape', about, target);
});

/** dims: Keras's axes counted from 1, the batch left out. */
const permuted = kind(z.object({ dims: z.array(z.int().min(1)) }), ({ dims }, about) => {
  const input = onlyInput(about);
  if ([...dims].sort((a, b) => a - b).some((axis, i) => axis !== i + 1) || dims.length !== input.length)
    throw refused(about, l10n.t('its axes are {0}', dims.join(', ')));
  const shape = ([given]: readonly Shape[]): Shape => {
    const theirs = kerasShape(given as Shape, about);
    return ourShape(
      dims.map((axis) => theirs[axis - 1] as number),
      about,
    );
  };
  const compute = ([x]: readonly Tensor[]) => fromKeras(tf.transpose(toKeras(x as Tensor, about), [0, ...dims]), about);
  return new Plain('Permute', [input], compute, shape);
});

export const geometries = {
  ZeroPadding2D: padded,
  Cropping2D: cropped,
  UpSampling2D: enlarged,
  Flatten: flattened,
  Reshape: reshape,
  Permute: permuted,
};
