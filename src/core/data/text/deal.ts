import { splitNames } from '../../../protocol/data';
import { quotas, type Shares } from '../split';
import { only, type RowIndex, upTo } from './rowIndex';

const [train, validation, test] = [splitNames.indexOf('train'), splitNames.indexOf('validation'), splitNames.indexOf('test')];
/** Neighbouring rows of plain text are dealt out together, in stretches of about so many bytes: they continue each other. */
const stretchBytes = 4096;
/** With fewer stretches than this, every row is dealt out by itself. */
const enoughStretches = 40;

/**
 * Splits validation and test off the training rows, each class by itself, by the order of content hashes (split.ts); sets
 * the rows' splits.
 * @param rows those that are used, in the order of reading
 * @param continuous whether neighbours of one file continue each other
 */
export function dealRows(index: RowIndex, rows: Uint32Array, shares: Shares, continuous: boolean, bytesOf: (row: number) => number): void {
  if (shares.validation === 0 && shares.test === 0) return;
  const training = only(rows, (row) => index.split(row) === train);
  const stretches = continuous ? stretchesOf(index, training, bytesOf) : [];
  const starts = stretches.length >= enoughStretches ? Uint32Array.from(stretches) : upTo(training.length);
  const first = (unit: number) => training[starts[unit] as number] as number;
  for (const units of unitsByClass(starts.length, (unit) => index.label(first(unit)))) {
    const order = index.sorted(units, first);
    const quota = quotas(order.length, shares);
    for (const [i, unit] of order.entries()) {
      const role = i < quota.validation ? validation : i >= order.length - quota.test ? test : train;
      if (role === train) continue;
      const end = starts[unit + 1] ?? training.length;
      for (let at = starts[unit] as number; at < end; at++) index.setSplit(training[at] as number, role);
    }
  }
}

/** 0 … count − 1 by class. */
function unitsByClass(count: number, classOf: (unit: number) => number): Iterable<Uint32Array> {
  const counts = new Map<number, number>();
  for (let unit = 0; unit < count; unit++) counts.set(classOf(unit), (counts.get(classOf(unit)) ?? 0) + 1);
  const units = new Map([...counts].map(([klass, size]) => [klass, new Uint32Array(size)]));
  counts.clear();
  for (let unit = 0; unit < count; unit++) {
    const klass = classOf(unit);
    const at = counts.get(klass) ?? 0;
    (units.get(klass) as Uint32Array)[at] = unit;
    counts.set(klass, at + 1);
  }
  return units.values();
}

/** Where stretches of neighbouring rows begin, as positions in `rows`. */
function stretchesOf(index: RowIndex, rows: Uint32Array, bytesOf: (row: number) => number): number[] {
  const starts: number[] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [at, row] of rows.entries()) {
    if (bytes >= stretchBytes || index.source(row) !== index.source(rows[at - 1] as number)) {
      starts.push(at);
      bytes = 0;
    }
    bytes += bytesOf(row);
  }
  return starts;
}
