import type { ColumnMap, ColumnRole, DataSummary, TextTask } from '../../src/protocol/data';

/** The roles of a task, as they are asked for. */
export const rolesOf: Record<TextTask, readonly ColumnRole[]> = {
  'text-classification': ['text', 'label', 'split'],
  'text-pair-classification': ['text', 'secondText', 'label', 'split'],
  'causal-lm': ['text', 'split'],
  chat: ['messages', 'instruction', 'input', 'output', 'split'],
  'text-to-text': ['source', 'target', 'split'],
};

/** A column plays one part: one that is chosen for another leaves its own to what was there. */
export function withRole(columns: ColumnMap, role: ColumnRole, name: string): ColumnMap {
  const before = (Object.keys(columns) as ColumnRole[]).find((other) => columns[other] === name);
  const next: ColumnMap = { ...columns, [role]: name };
  if (before !== undefined && before !== role) {
    const old = columns[role];
    if (old === undefined) delete next[before];
    else next[before] = old;
  }
  return next;
}

/** What each column is taken for. */
export function columnsIn({ columns }: Pick<DataSummary, 'columns'>): ColumnMap {
  const found: ColumnMap = {};
  for (const { name, role } of columns ?? []) if (role !== null) found[role] = name;
  return found;
}
