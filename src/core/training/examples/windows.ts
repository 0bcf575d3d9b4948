/** Which examples are windows of one text; they have numbers one after the other. */
export interface Windows {
  /** The first window of the text that an example is of: the text goes by its number. */
  firstOf(example: number): number;
  /** How many windows the text has: each counts for that part of it. */
  countOf(example: number): number;
}

/** What there is of a text in an example: 1 for one that is no window. */
export function shareOf(windows: Windows | undefined, example: number): number {
  return windows ? 1 / windows.countOf(example) : 1;
}

/** One example for each text. */
export function textsAmong(windows: Windows | undefined, examples: ArrayLike<number>): ArrayLike<number> {
  return windows ? Uint32Array.from(examples).filter((example) => windows.firstOf(example) === example) : examples;
}

/** Collects what is said of windows until there is something of each of a text. */
export class Gathering<T> {
  private readonly waiting = new Map<number, T[]>();

  constructor(private readonly windows: Windows | undefined) {}

  /** @returns what was said of the text, with the last of its windows; null before */
  add(example: number, said: T): { text: number; all: readonly T[] } | null {
    const count = this.windows?.countOf(example) ?? 1;
    const text = this.windows?.firstOf(example) ?? example;
    const all = this.waiting.get(text) ?? [];
    all.push(said);
    if (all.length < count) {
      this.waiting.set(text, all);
      return null;
    }
    this.waiting.delete(text);
    return { text, all };
  }
}
