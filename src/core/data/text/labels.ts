import { byName } from '../walk';
import { isNumber } from './header';

/** Labels in the order of classes: numbers by size, else by name. */
export function sortedLabels(labels: readonly string[]): string[] {
  const numbers = labels.every(isNumber);
  return [...labels].sort((a, b) => (numbers ? Number(a) - Number(b) || byName(a, b) : byName(a, b)));
}

/** More different labels than these are compared by their folded spelling alone. */
const comparedInFull = 200;

/**
 * Labels that are probably meant to be the same: they differ by case, spaces, hyphens or full stops, or by one letter
 * where one of them is rare.
 * @returns the rarer and the commoner of each pair
 */
export function nearLabels(counts: readonly { name: string; count: number }[]): { rare: string; common: string }[] {
  const sorted = [...counts].sort((a, b) => b.count - a.count || byName(a.name, b.name));
  const found: { rare: string; common: string }[] = [];
  const folded = new Map<string, string>();
  for (const [i, { name, count }] of sorted.entries()) {
    const fold = foldedLabel(name);
    const same = folded.get(fold);
    if (same !== undefined) {
      found.push({ rare: name, common: same });
      continue;
    }
    folded.set(fold, name);
    if (sorted.length > comparedInFull || isNumber(name) || name.length < 4) continue;
    const slip = sorted.slice(0, i).find((other) => count <= Math.max(2, other.count / 50) && oneApart(fold, foldedLabel(other.name)));
    if (slip) found.push({ rare: name, common: slip.name });
  }
  return found;
}

const foldedLabel = (name: string) =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s_.-]+/g, '') || name;

/** Whether one letter added, left out, changed or swapped with its neighbour makes one of the other. */
function oneApart(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || /\d/.test(a + b)) return false;
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  if (restA.length === restB.length)
    return restA.slice(1) === restB.slice(1) || (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2));
  return restA.length > restB.length ? restA.slice(1) === restB : restB.slice(1) === restA;
}
