export interface Point {
  step: number;
  y: number;
}

/**
 * A training curve of bounded size. Values of single batches jump, so each is folded into a running mean over about
 * `horizon` steps (exponential, its start corrected as in Adam's moments); being smooth, the curve may then be thinned:
 * at `capacity` every second point goes, and from then on only every second one is kept.
 */
export class Curve {
  private kept: Point[] = [];
  private every = 1;
  private skipped = 0;
  private last: Point | null = null;
  private mean = 0;
  private weight = 0;

  constructor(private readonly capacity = 2048) {}

  push(step: number, value: number, horizon: number): void {
    if (!Number.isFinite(value)) return;
    const keep = Math.exp(-Math.max(1, step - (this.last?.step ?? step - 1)) / horizon);
    this.mean = keep * this.mean + (1 - keep) * value;
    this.weight = keep * this.weight + (1 - keep);
    this.last = { step, y: this.mean / this.weight };
    this.skipped++;
    if (this.skipped < this.every) return;
    this.skipped = 0;
    this.kept.push(this.last);
    if (this.kept.length >= this.capacity) {
      this.kept = this.kept.filter((_, i) => i % 2 === 1);
      this.every *= 2;
    }
  }

  /** Forgets what came after `step`: a run that goes on from a checkpoint repeats it. */
  cutAfter(step: number): void {
    if (!this.last || this.last.step <= step) return;
    this.kept = this.kept.filter((p) => p.step <= step);
    this.last = this.kept.at(-1) ?? null;
    this.mean = this.last?.y ?? 0;
    this.weight = this.last ? 1 : 0;
    this.skipped = 0;
  }

  get latest(): Point | null {
    return this.last;
  }

  /** In the order of steps; the newest is always among them. */
  get points(): readonly Point[] {
    return this.last && this.kept.at(-1) !== this.last ? [...this.kept, this.last] : this.kept;
  }
}

/** At most `limit` of the points, first and last among them, evenly by index: no more than a chart's pixels can show. */
export function thinned<T>(points: readonly T[], limit: number): readonly T[] {
  if (points.length <= limit || limit < 2) return points;
  const pace = (points.length - 1) / (limit - 1);
  return Array.from({ length: limit }, (_, i) => points[Math.round(i * pace)] as T);
}

/** The point nearest to `x`; points are in the order of x. */
export function nearest<T>(points: readonly T[], x: number, at: (point: T) => number): T | null {
  let low = 0;
  let high = points.length - 1;
  if (high < 0) return null;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(points[middle] as T) < x) low = middle + 1;
    else high = middle;
  }
  const right = points[low] as T;
  const left = points[low - 1];
  return left !== undefined && x - at(left) <= at(right) - x ? left : right;
}
