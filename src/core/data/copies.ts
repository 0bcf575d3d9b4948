import type { Problem, Split } from '../../protocol/data';
import type { Candidate } from './discover';
import { problems } from './problems';

export interface Hashed extends Candidate {
  /** SHA-256 of the content, hex. */
  readonly hash: string;
}

/** A picture in several splits is kept where it would flatter least: the test set stays whole, training gives way. */
const keeps: Record<Split, number> = { test: 0, validation: 1, train: 2 };

/**
 * Finds files with the same bytes and decides which of them are used: none where their labels disagree, else one, from
 * test before validation before train, the first by path.
 * @param files sorted by path; the result is too
 */
export function withoutCopies<T extends Hashed>(files: readonly T[]): { kept: T[]; problems: Problem[] } {
  const groups = new Map<string, T[]>();
  for (const file of files) {
    const group = groups.get(file.hash);
    if (group) group.push(file);
    else groups.set(file.hash, [file]);
  }
  const left = new Set<T>();
  const duplicates: string[] = [];
  const inSplits: string[][] = [];
  const inClasses: string[][] = [];
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    const paths = group.map((file) => file.path);
    if (new Set(group.map((file) => file.label)).size > 1) {
      inClasses.push([...new Set(paths)]);
      for (const file of group) left.add(file);
      continue;
    }
    const best = group.reduce((a, b) => (keeps[b.split] < keeps[a.split] ? b : a));
    for (const file of group) if (file !== best) left.add(file);
    if (group.some((file) => file.split !== best.split)) inSplits.push(paths);
    else for (const path of paths) if (path !== best.path) duplicates.push(path);
  }
  const found: Problem[] = [];
  if (inClasses.length > 0) found.push(problems.sameInClasses(inClasses.flat(), inClasses.length));
  if (inSplits.length > 0) found.push(problems.sameInSplits(inSplits.flat(), inSplits.length));
  if (duplicates.length > 0) found.push(problems.duplicate(duplicates));
  return { kept: files.filter((file) => !left.has(file)), problems: found };
}
