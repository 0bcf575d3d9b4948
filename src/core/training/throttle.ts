/** Lets through at most ten things a second, and fewer the longer it goes on: a run of hours leaves thousands, not millions. */
export class Throttle {
  private last = Number.NEGATIVE_INFINITY;
  private begun: number | null = null;

  /** @param now milliseconds that never run backwards. */
  due(now: number): boolean {
    this.begun ??= now;
    const interval = Math.min(1000, Math.max(100, (now - this.begun) / 2000));
    if (now - this.last < interval) return false;
    this.last = now;
    return true;
  }
}
