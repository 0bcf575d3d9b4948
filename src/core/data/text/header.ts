import { isKnownColumn } from './columnNames';

/**
 * Whether the first row of a table names its columns. It does if it holds a name that such tables use; else if it is
 * made of short, different words, and some column below it is of another kind: numbers only, a few values that recur and
 * of which the first is none, or texts far longer.
 */
export function hasHeader(records: readonly (readonly string[])[]): boolean {
  const [first, ...rest] = records;
  if (!first || first.length === 0) return false;
  const names = first.map((cell) => cell.trim());
  if (names.some((name) => name === '' || name.length > 64 || isNumber(name))) return false;
  if (names.some((name) => isKnownColumn(name)) && names.every((name) => name.split(/\s+/).length <= 4)) return true;
  if (rest.length < 2 || new Set(names).size < names.length || names.some((name) => name.split(/\s+/).length > 3)) return false;
  return names.some((name, i) => {
    const below = rest.map((record) => (record[i] ?? '').trim()).filter((cell) => cell !== '');
    if (below.length < 2) return false;
    if (below.every(isNumber)) return true;
    const distinct = new Set(below);
    const recurs = distinct.size <= Math.max(2, below.length / 5);
    if (recurs) return !distinct.has(name) && below.length >= 2 * distinct.size;
    return below.reduce((sum, cell) => sum + cell.length, 0) / below.length > 4 * name.length + 16;
  });
}

export const isNumber = (cell: string) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell);

/** Different names for all columns: what is empty is called by its place, what is there twice is numbered. */
export function columnsNamed(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((raw, i) => {
    const name = raw.trim() || `column${i + 1}`;
    let free = name;
    for (let n = 2; used.has(free); n++) free = `${name}_${n}`;
    used.add(free);
    return free;
  });
}
