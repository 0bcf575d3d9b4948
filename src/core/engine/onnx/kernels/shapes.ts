import { slice_util, util } from '../../tf';
import type { ElementArray, ElementType, Graph, Value } from '../graph';
import { sizeOf } from '../shapes';
import { anything, define, defineVariadic, floats } from './define';

define<'x', { shape: number[] }>(
  'Reshape',
  (g, { x }, { shape }) => g.reshape(x, util.inferFromImplicitShape(shape, sizeOf(x.shape))),
  anything,
);
define<'input', { dim: number }>(
  'ExpandDims',
  (g, { input }, { dim }) => {
    const shape = [...input.shape];
    shape.splice(dim < 0 ? shape.length + dim + 1 : dim, 0, 1);
    return g.reshape(input, shape);
  },
  anything,
);
define<'x', { perm: number[] }>('Transpose', (g, { x }, { perm }) => g.transpose(x, perm), anything);
define<'x', { dims: number | number[] }>(
  'Reverse',
  (g, { x }, { dims }) => g.reverse(x, util.parseAxisParam(dims, [...x.shape])),
  anything,
);
define<'x', { begin: number | number[]; size: number | number[] }>(
  'Slice',
  (g, { x }, { begin, size }) => {
    const like = x as unknown as Parameters<typeof slice_util.parseSliceParams>[0]; // only its shape is read
    const [first, sizes] = slice_util.parseSliceParams(like, begin, size) as [number[], number[]];
    const axes = first.map((_, axis) => axis).filter((axis) => sizes[axis] !== x.shape[axis]);
    if (axes.length === 0) return x;
    const pick = (list: number[]) => axes.map((axis) => list[axis] as number);
    return g.slice(x, axes, pick(first), pick(first.map((b, axis) => b + (sizes[axis] as number))));
  },
  anything,
);
define<'x', { reps: number[] }>(
  'Tile',
  (g, { x }, { reps }) => {
    const shape = x.shape.map((n, axis) => n * (reps[axis] as number));
    return g.node('Tile', [x, g.integers(reps)], shape);
  },
  anything,
);
define<'x', { paddings: [number, number][]; constantValue: number }>('PadV2', (g, { x }, { paddings, constantValue }) =>
  g.pad(
    x,
    paddings.map(([before]) => before),
    paddings.map(([, after]) => after),
    constantValue,
  ),
);

defineVariadic<{ axis: number }>(
  'Concat',
  (g, parts, { axis }) => g.concat(parts, axis < 0 ? axis + (parts[0] as Value).shape.length : axis),
  anything,
);
defineVariadic<{ axis: number }>(
  'Pack',
  (g, parts, { axis }) => {
    const shape = [...(parts[0] as Value).shape];
    const along = axis < 0 ? axis + shape.length + 1 : axis;
    shape.splice(along, 0, 1);
    return g.concat(
      parts.map((part) => g.reshape(part, shape)),
      along,
    );
  },
  anything,
);
define<'value', { axis: number }>(
  'Unpack',
  (g, { value }, { axis }) => {
    const along = axis < 0 ? axis + value.shape.length : axis;
    const shape = value.shape.filter((_, i) => i !== along);
    return split(g, value, Array<number>(value.shape[along] as number).fill(1), along).map((part) => g.reshape(part, shape));
  },
  anything,
);
define<'x', { numOrSizeSplits: number | number[]; axis: number }>(
  'SplitV',
  (g, { x }, { numOrSizeSplits, axis }) => {
    const along = axis < 0 ? axis + x.shape.length : axis;
    const length = x.shape[along] as number;
    if (typeof numOrSizeSplits === 'number') return split(g, x, Array<number>(numOrSizeSplits).fill(length / numOrSizeSplits), along);
    const known = numOrSizeSplits.reduce((sum, n) => sum + Math.max(0, n), 0); // −1 is what is left
    return split(
      g,
      x,
      numOrSizeSplits.map((n) => (n < 0 ? length - known : n)),
      along,
    );
  },
  anything,
);

function split(g: Graph, x: Value, sizes: readonly number[], axis: number): Value[] {
  const outputs = sizes.map((size) => ({ shape: x.shape.map((n, i) => (i === axis ? size : n)), dtype: x.dtype }));
  return g.nodes('Split', [x, g.integers(sizes)], outputs, { axis });
}

/** Values that are known while recording become constants; large ones are expanded from a single element. */
function filled(g: Graph, value: number, shape: readonly number[], dtype: ElementType): Value {
  const one = (data: ElementArray) => g.constant(data, [], dtype);
  const element =
    dtype === 'float32' ? one(Float32Array.of(value)) : dtype === 'int32' ? one(Int32Array.of(value)) : one(Uint8Array.of(value));
  return shape.length === 0 ? element : g.node('Expand', [element, g.integers(shape)], shape);
}
define<never, { shape: number[]; value: number; dtype: ElementType }>('Fill', (g, _, { shape, value, dtype }) =>
  filled(g, value, shape, dtype ?? 'float32'),
);
define<'x'>('ZerosLike', (g, { x }) => filled(g, 0, x.shape, x.dtype), anything);
define<'x'>('OnesLike', (g, { x }) => filled(g, 1, x.shape, x.dtype), anything);
define<never, { start: number; stop: number; step: number; dtype: 'float32' | 'int32' }>('Range', (g, _, { start, stop, step, dtype }) => {
  const length = Math.max(0, Math.ceil((stop - start) / step));
  const values = Array.from({ length }, (_, i) => start + i * step);
  return g.constant(dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values), [length], dtype);
});
define<never, { start: number; stop: number; num: number }>(
  'LinSpace',
  (g, _, { start, stop, num }) =>
    g.floats(Array.from({ length: num }, (_, i) => (num === 1 ? start : start + (i * (stop - start)) / (num - 1)))),
  floats,
);
