/** What T5 was taught to read before a text, by what is asked of it (Raffel et al. 2020, appendix D). */
export const t5Prefixes = {
  summarize: 'summarize: ',
  'translate English to German': 'translate English to German: ',
  'translate English to French': 'translate English to French: ',
  'translate English to Romanian': 'translate English to Romanian: ',
  'cola sentence': 'cola sentence: ',
  'sst2 sentence': 'sst2 sentence: ',
} as const;

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
