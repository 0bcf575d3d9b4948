/**
 * Wilson score interval of a proportion at 95 % (Wilson 1927).
 * @returns `[low, high]`, `[0, 1]` for no trials.
 */
export function wilson(right: number, of: number): [number, number] {
  if (of === 0) return [0, 1];
  const z2 = 1.959964 ** 2;
  const p = right / of;
  const centre = (p + z2 / (2 * of)) / (1 + z2 / of);
  const half = (1.959964 / (1 + z2 / of)) * Math.sqrt((p * (1 - p)) / of + z2 / (4 * of * of));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
