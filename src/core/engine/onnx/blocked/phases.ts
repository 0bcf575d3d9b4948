import type { Conv2dAttributes } from '../../ops/conv2d';
import type { Graph, Value } from '../graph';
import { cropped, type Maps, mapsOf } from './layout';

/*
 * The input gradient of a convolution with strides. dx[s·j + r] = Σ over d of dy[j + d]·w[r + pad − s·d]: for each rest r
 * along each axis it is a convolution of dy, at dy's own size, with some of the taps; the results are interleaved.
 */

/** One of these convolutions. */
export interface Phase {
  readonly size: readonly [number, number];
  /** Its taps among the filter's kh·kw. */
  readonly order: readonly number[];
  /** Top, left, bottom, right. */
  readonly pads: readonly number[];
}

export interface Phases {
  /** By the rest of rows, then of columns. */
  readonly grid: readonly (readonly Phase[])[];
  /** Of each result. */
  readonly height: number;
  readonly width: number;
}

/** Null where a phase has no taps or would have to crop dy, and for dilated filters. */
export function phasesOf(dy: Value, [, , height, width]: Maps, attributes: Conv2dAttributes): Phases | null {
  const [, , rows, columns] = mapsOf(dy);
  const vertical = along(0, height, rows, attributes);
  const horizontal = along(1, width, columns, attributes);
  const possible = [...vertical, ...horizontal].every(({ taps, before, after }) => taps.length > 0 && before >= 0 && after >= 0);
  if (!possible || attributes.dilations.some((dilation) => dilation !== 1)) return null;
  const phase = (v: Along, h: Along): Phase => ({
    size: [v.taps.length, h.taps.length],
    order: v.taps.flatMap((i) => h.taps.map((j) => i * attributes.size[1] + j)),
    pads: [v.before, h.before, v.after, h.after],
  });
  return {
    grid: vertical.map((v) => horizontal.map((h) => phase(v, h))),
    height: Math.ceil(height / vertical.length),
    width: Math.ceil(width / horizontal.length),
  };
}

interface Along {
  /** In the order of the positions of dy that they meet. */
  readonly taps: readonly number[];
  readonly before: number;
  readonly after: number;
}

function along(axis: 0 | 1, length: number, outputs: number, { size, strides, pads }: Conv2dAttributes): Along[] {
  const [taps, stride, pad] = [size[axis], strides[axis], axis === 0 ? pads.top : pads.left];
  const each = Math.ceil(length / stride);
  return Array.from({ length: stride }, (_, rest) => {
    const first = Math.ceil((rest + pad - taps + 1) / stride);
    const last = Math.floor((rest + pad) / stride);
    const met = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => rest + pad - stride * (first + i));
    return { taps: met, before: -first, after: each - outputs + first + met.length - 1 };
  });
}

/** The phases' results, each of `planes`·height·width·B elements, put together: [planes, H, W, B] */
export function interleaved(g: Graph, phases: Phases, part: (phase: Phase) => Value, planes: number, [, , height, width]: Maps): Value {
  const { block } = g.layout;
  const { grid, height: down, width: across } = phases;
  const columns = (grid[0] as readonly Phase[]).length;
  const lines = grid.map((row) => {
    const parts = row.map((phase) => g.reshape(part(phase), [planes * down * across, block]));
    return g.reshape(parts.length === 1 ? (parts[0] as Value) : g.concat(parts, 1), [planes * down, across * columns * block]);
  });
  const all = lines.length === 1 ? (lines[0] as Value) : g.concat(lines, 1);
  return cropped(g, g.reshape(all, [planes, down * grid.length, across * columns, block]), height, width);
}
