import * as l10n from '@vscode/l10n';
import type { Split } from '../../protocol/data';
import { ThawError } from '../../protocol/failure';

/** Shares of a class's training examples, 0 for none. */
export interface Shares {
  readonly validation: number;
  readonly test: number;
}

/** From this size on, a class has at least one example in every role that is asked for. */
export const guaranteedFrom = 7;

/**
 * Deals the examples of one class out to the roles: sorted by content hash, the first share is validation, the last is
 * test, what lies between is train. So every class has its share of every role, to the nearest whole example; names and
 * order don't matter; changing one share leaves the other's examples where they are; and a picture that is added moves
 * at most one other across each border, instead of reshuffling them all.
 *
 * @param hashes SHA-256, hex, of one class's examples; different ones
 * @returns the role of each; at least one is train
 */
export function dealOut(hashes: readonly string[], shares: Shares): Split[] {
  const order = hashes.map((_, i) => i).sort((a, b) => ((hashes[a] as string) < (hashes[b] as string) ? -1 : 1));
  const { validation, test } = quotas(hashes.length, shares);
  const roles: Split[] = hashes.map(() => 'train');
  for (const i of order.slice(0, validation)) roles[i] = 'validation';
  for (const i of order.slice(hashes.length - test)) roles[i] = 'test';
  return roles;
}

/** @throws ThawError `config.invalid` for shares that leave nothing to train on */
export function requireTrainingShare({
  validationSplit,
  testSplit,
}: {
  readonly validationSplit: number;
  readonly testSplit: number;
}): void {
  if (validationSplit + testSplit < 1) return;
  throw new ThawError(
    'config.invalid',
    l10n.t('The validation split and the test split leave nothing to train on.'),
    l10n.t('Choose shares that add up to less than 1, such as 0.15 and 0.15.'),
  );
}

/** How many of a class's examples go to each role, so that at least one is left to train. */
export function quotas(size: number, shares: Shares): { validation: number; test: number } {
  const test = Math.min(quota(size, shares.test), Math.max(0, size - 1));
  return { test, validation: Math.min(quota(size, shares.validation), Math.max(0, size - test - 1)) };
}

function quota(size: number, share: number): number {
  if (share === 0) return 0;
  return Math.max(Math.round(size * share), size >= guaranteedFrom ? 1 : 0);
}
