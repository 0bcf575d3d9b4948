// Without zod, as the webview has it too.
import type { RowFilter, Task, TextTask } from './data';

/** What can be learned from texts. */
export const textTasks = [
  'text-classification', // text → one of the classes
  'text-pair-classification', // two texts → one of the classes
  'causal-lm', // plain text, continued
  'chat', // instructions and conversations: loss on the answers alone
  'text-to-text', // source → target
] as const;

/** Whether a task is learned from texts. */
export const isTexts = (task: Task): task is TextTask => task !== 'image-classification';

/** The filter that lets all rows of a table of texts through. */
export const allRows: RowFilter = { split: 'all', klass: null, search: '', only: null };
