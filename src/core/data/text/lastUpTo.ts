/** Index of the last of ascending numbers that is not above a value; the first where all are. */
export function lastUpTo(count: number, at: (i: number) => number, value: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (at(middle) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
