/** A source with what a model wants before it, once. */
export function withPrefix(prefix: string, source: string): string {
  return prefix === '' || source.startsWith(prefix) ? source : `${prefix}${source}`;
}

/**
 * What a decoder sees while it learns a target: the target moved right by one, begun by the token for it.
 * @returns as long as `target`
 */
export function shiftedRight(target: readonly number[], start: number): number[] {
  return [start, ...target.slice(0, -1)];
}
