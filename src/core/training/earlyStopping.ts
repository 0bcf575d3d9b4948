/** The epoch whose weights are kept. Epochs and steps count from 1. */
export interface Best {
  readonly epoch: number;
  readonly step: number;
  /** Validation loss; null where there is no validation and the last epoch is the best. */
  readonly loss: number | null;
}

/** The best epoch once another one has ended: a lower validation loss wins, a tie stays; without validation the last wins. */
export function betterOf(best: Best | null, candidate: Best): Best {
  if (best === null || best.loss === null || candidate.loss === null) return candidate;
  return candidate.loss < best.loss ? candidate : best;
}

/** Whether `patience` epochs have passed without a better one; patience 0 never ends a run. */
export function isExhausted(best: Best | null, epoch: number, patience: number): boolean {
  return patience > 0 && best !== null && best.loss !== null && epoch - best.epoch >= patience;
}
