import { optionalRoles } from '../../src/protocol/columns';
import type { ColumnMap, ColumnRole } from '../../src/protocol/data';

/**
 * A column plays one part: one that is chosen for another leaves its own to what was there.
 * @param name '' for none
 */
export function withRole(columns: ColumnMap, role: ColumnRole, name: string): ColumnMap {
  if (name === '') return { ...columns, [role]: name };
  const before = (Object.keys(columns) as ColumnRole[]).find((other) => columns[other] === name);
  const next: ColumnMap = { ...columns, [role]: name };
  if (before !== undefined && before !== role) {
    const old = columns[role];
    if (old) next[before] = old;
    else if (optionalRoles.includes(before)) next[before] = '';
    else delete next[before];
  }
  return next;
}
