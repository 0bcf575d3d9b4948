import { largest } from './sampling';

interface Running {
  readonly ids: readonly number[];
  /** Of the log-probabilities of its tokens. */
  readonly sum: number;
}

interface Hypothesis {
  readonly ids: readonly number[];
  /** Mean log-probability of its tokens. */
  readonly score: number;
}

/** Where the texts of a search go on: each from one of those so far, with a token. */
export interface Step {
  readonly parents: number[];
  readonly ids: number[];
}

/**
 * The likeliest of many texts: so many beginnings are followed side by side, and those that ended are compared by the mean
 * log-probability of their tokens. As transformers' with its defaults (length_penalty 1, early_stopping false).
 */
export class BeamSearch {
  private running: Running[] = [{ ids: [], sum: 0 }];
  private finished: Hypothesis[] = [];

  /**
   * @param count beams
   * @param ends tokens that end a text
   * @param longest tokens that a text may have
   */
  constructor(
    private readonly count: number,
    private readonly ends: ReadonlySet<number>,
    private readonly longest: number,
  ) {}

  /**
   * @param logits of the running texts, [1 · V] at first, then [N · V]
   * @returns how they go on; null once nothing can become better
   */
  step(logits: Float32Array): Step | null {
    const vocabulary = logits.length / this.running.length;
    // Enough that as many go on as there are beams, should all others end.
    const wanted = Math.max(2, 1 + this.ends.size) * this.count;
    const candidates = this.running
      .flatMap(({ ids, sum }, parent) => {
        const own = logits.subarray(parent * vocabulary, (parent + 1) * vocabulary);
        const total = logSum(own);
        return largest(own, Math.min(wanted, vocabulary)).map((id) => ({
          parent,
          ids: [...ids, id],
          sum: sum + ((own[id] as number) - total),
        }));
      })
      .sort((a, b) => b.sum - a.sum)
      .slice(0, wanted);
    const length = candidates[0]?.ids.length ?? 0;
    const isLast = length >= this.longest;
    const goOn: typeof candidates = [];
    for (const [rank, candidate] of candidates.entries()) {
      const { ids, sum } = candidate;
      if (!isLast && !this.ends.has(lastOf(ids))) goOn.push(candidate);
      else if (rank < this.count) this.finish({ ids, score: sum / length });
    }
    if (isLast) return null;
    const next = goOn.slice(0, this.count);
    this.running = next;
    return this.isDecided(length) ? null : { parents: next.map(({ parent }) => parent), ids: next.map(({ ids }) => lastOf(ids)) };
  }

  /** The best text so far: one that ended, else the likeliest that runs. */
  best(): readonly number[] {
    return this.finished[0]?.ids ?? this.running[0]?.ids ?? [];
  }

  private finish(hypothesis: Hypothesis): void {
    this.finished = [...this.finished, hypothesis].sort((a, b) => b.score - a.score).slice(0, this.count);
  }

  /** Whether enough have ended, and none that runs would be better were it to end now. */
  private isDecided(length: number): boolean {
    const worst = this.finished[this.count - 1];
    const best = this.running[0];
    return !best || (worst !== undefined && best.sum / length <= worst.score);
  }
}

const lastOf = (ids: readonly number[]) => ids.at(-1) as number;

function logSum(logits: Float32Array): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) highest = Math.max(highest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - highest);
  return highest + Math.log(sum);
}
