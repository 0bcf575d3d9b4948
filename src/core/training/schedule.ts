import type { RunConfig } from '../../protocol/runConfig';

/**
 * The share of its phase's learning rate that a step has: linear warm-up, then half a cosine to zero (Loshchilov and
 * Hutter 2017, without restarts), a straight line to zero, or constant. It spans all planned steps; each phase brings its own learning rate.
 * @param step 0 is the first.
 */
export function rateFactor(step: number, totalSteps: number, { name, warmup }: RunConfig['schedule']): number {
  const warmSteps = Math.round(totalSteps * warmup);
  if (step < warmSteps) return (step + 1) / warmSteps;
  const done = (step - warmSteps) / (totalSteps - warmSteps);
  switch (name) {
    case 'constant':
      return 1;
    case 'linear':
      return 1 - done;
    case 'cosine':
      return 0.5 * (1 + Math.cos(Math.PI * done));
  }
}
