export interface Axis {
  min: number;
  max: number;
  ticks: number[];
}

/** A step of 1, 2 or 5 times a power of ten that divides `span` into about `count` parts. */
export function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return (lead <= 1.5 ? 1 : lead <= 3.5 ? 2 : lead <= 7.5 ? 5 : 10) * power;
}

function spread(min: number, max: number, step: number): Axis {
  const count = Math.round((max - min) / step);
  // Rounded, so that 0.1 + 0.2 stays 0.3 on the label.
  return { min, max, ticks: Array.from({ length: count + 1 }, (_, i) => Number((min + i * step).toPrecision(12))) };
}

/** From zero to a round number above the largest loss. */
export function lossAxis(values: Iterable<number>): Axis {
  let largest = 0;
  for (const v of values) if (Number.isFinite(v) && v > largest) largest = v;
  if (largest === 0) return spread(0, 1, 0.2);
  const step = niceStep(largest, 4);
  return spread(0, Number((Math.ceil(largest / step - 1e-9) * step).toPrecision(12)), step);
}

/**
 * Like a loss's, but no further than four times the newest values, of which there is one a line: the perplexity of a model
 * that has seen nothing would press all the rest flat.
 */
export function perplexityAxis(values: readonly number[], newest: readonly number[]): Axis {
  const most = 4 * Math.max(...newest.filter(Number.isFinite), 1);
  return lossAxis(values.filter((v) => v <= most));
}

/** Up to 100 %, from 50 % or, where a curve was lower, from the tenth below it. */
export function accuracyAxis(values: Iterable<number>): Axis {
  let smallest = 0.5;
  for (const v of values) if (Number.isFinite(v) && v < smallest) smallest = v;
  const step = smallest >= 0.4 ? 0.1 : 0.2;
  return spread(Math.max(0, Number((1 - Math.ceil((1 - smallest) / step - 1e-9) * step).toPrecision(12))), 1, step);
}

/** Moves labels of the given height apart, each as little as it must, inside [top, bottom]. Positions are centres. */
export function apart(wanted: readonly number[], height: number, top: number, bottom: number): number[] {
  const order = wanted.map((y, i) => ({ y: Math.min(Math.max(y, top), bottom), i })).sort((a, b) => a.y - b.y);
  order.forEach((label, k) => {
    const above = order[k - 1];
    if (!above) return;
    const gap = height - (label.y - above.y);
    if (gap <= 0) return;
    above.y -= gap / 2;
    label.y += gap / 2;
  });
  const over = (order.at(-1)?.y ?? 0) - bottom;
  if (over > 0) for (const label of order) label.y -= over;
  const under = top - (order[0]?.y ?? top);
  if (under > 0) for (const label of order) label.y += under;
  const result = new Array<number>(wanted.length);
  for (const label of order) result[label.i] = label.y;
  return result;
}
