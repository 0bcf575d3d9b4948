import type { Split } from '../../protocol/data';

/** Shares of a class's training examples, 0 for none. */
export interface Shares {
  readonly validation: number;
  readonly test: number;
}

/** From this size on, a class has at least one example in every role that is asked for. */
export const guaranteedFrom = 7;

/** Where a content hash falls in [0, 1): its first 48 bits. */
function position(hash: string): number {
  return Number.parseInt(hash.slice(0, 12), 16) / 2 ** 48;
}

/**
 * Deals the examples of one class out to the roles. An example's role hangs on its own content alone: its hash, read as
 * a number in [0, 1), lies in [0, validation), in [1 − test, 1), or between them (train). So adding pictures, renaming
 * or moving them never moves another one, and changing one share leaves the other's examples where they are.
 *
 * Small classes may come out empty-handed by that rule, and no rule can both mend this and keep every example in its
 * place. So there is one exception: while a role has none in a class of `guaranteedFrom` or more, it borrows the training
 * example nearest to its range; and while training has none, it takes back the one nearest to its own.
 *
 * @param hashes SHA-256, hex, of one class's examples; different ones
 * @returns the role of each
 */
export function dealOut(hashes: readonly string[], shares: Shares): Split[] {
  const positions = hashes.map(position);
  const roles = positions.map((u): Split => (u < shares.validation ? 'validation' : u >= 1 - shares.test ? 'test' : 'train'));

  /** Gives `role` the example of `from` that lies nearest to `edge`, if another is left there. */
  const borrow = (role: Split, from: Split, edge: number, leave: number) => {
    const ready = roles.flatMap((r, i) => (r === from ? [i] : []));
    if (ready.length <= leave) return;
    const nearest = ready.reduce((a, b) => (Math.abs(at(b) - edge) < Math.abs(at(a) - edge) ? b : a));
    roles[nearest] = role;
  };
  const at = (i: number) => positions[i] as number;

  if (!roles.includes('train') && roles.includes('validation')) borrow('train', 'validation', shares.validation, 0);
  else if (!roles.includes('train')) borrow('train', 'test', 1 - shares.test, 0);
  if (hashes.length >= guaranteedFrom) {
    if (shares.test > 0 && !roles.includes('test')) borrow('test', 'train', 1, 1);
    if (shares.validation > 0 && !roles.includes('validation')) borrow('validation', 'train', 0, 1);
  }
  return roles;
}
