export interface Sides {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** 'same' is TensorFlow's: ⌈size / stride⌉ positions, an odd rest of padding at the end. */
export type Padding = 'same' | number | Sides;

type Pair = readonly [vertical: number, horizontal: number];

/** A window that slides over feature maps, all in numbers. */
export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: Sides;
}

export function windowOf(
  [height, width]: Pair,
  size: number | Pair,
  { strides = 1, dilations = 1, padding }: { strides?: number | Pair; dilations?: number | Pair; padding: Padding },
): Window {
  const window = { size: pair(size), strides: pair(strides), dilations: pair(dilations) };
  if (padding !== 'same') {
    const pads = typeof padding === 'number' ? { top: padding, left: padding, bottom: padding, right: padding } : padding;
    return { ...window, pads };
  }
  const [top, bottom] = samePadding(height, extent(window, 0), window.strides[0]);
  const [left, right] = samePadding(width, extent(window, 1), window.strides[1]);
  return { ...window, pads: { top, left, bottom, right } };
}

/** Height and width that the window gives from a map of this height and width. */
export function outputSize([height, width]: Pair, window: Window): [number, number] {
  const { top, left, bottom, right } = window.pads;
  return [
    Math.floor((height + top + bottom - extent(window, 0)) / window.strides[0]) + 1,
    Math.floor((width + left + right - extent(window, 1)) / window.strides[1]) + 1,
  ];
}

/** Rows (axis 0) or columns (axis 1) that a dilated window spans. */
export function extent({ size, dilations }: Pick<Window, 'size' | 'dilations'>, axis: 0 | 1): number {
  return (size[axis] - 1) * dilations[axis] + 1;
}

function samePadding(length: number, span: number, stride: number): [before: number, after: number] {
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + span - length);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function pair(value: number | Pair): Pair {
  return typeof value === 'number' ? [value, value] : value;
}
