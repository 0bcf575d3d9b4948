// Without zod, as the webview has it too.
import type { ColumnMap, ColumnRole, DataSummary } from './data';
import { isTexts, type TextTask } from './tasks';

/** The roles of a task, as they are asked for. */
export const rolesOf: Record<TextTask, readonly ColumnRole[]> = {
  'text-classification': ['text', 'label', 'split'],
  'text-pair-classification': ['text', 'secondText', 'label', 'split'],
  'causal-lm': ['text', 'split'],
  chat: ['messages', 'instruction', 'input', 'output', 'split'],
  'text-to-text': ['source', 'target', 'split'],
};

/** Roles that no column need play: `''` in a map says that none does, though one could be found. */
export const optionalRoles: readonly ColumnRole[] = ['messages', 'input', 'split'];

/** What each column is taken for: what is shown, said so that nothing else is found. */
export function columnsIn({ task, columns }: Pick<DataSummary, 'task' | 'columns'>): ColumnMap {
  const roles = isTexts(task) ? rolesOf[task] : [];
  const found: ColumnMap = Object.fromEntries(roles.filter((role) => optionalRoles.includes(role)).map((role) => [role, '']));
  for (const { name, role } of columns ?? []) if (role !== null) found[role] = name;
  return found;
}
