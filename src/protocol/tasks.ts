// Without zod, as the webview has it too.

/** What can be learned from texts. */
export const textTasks = [
  'text-classification', // text → one of the classes
  'text-pair-classification', // two texts → one of the classes
  'causal-lm', // plain text, continued
  'chat', // instructions and conversations: loss on the answers alone
  'text-to-text', // source → target
] as const;
export type TextTask = (typeof textTasks)[number];
export type Task = 'image-classification' | TextTask;

/** Whether a task is learned from texts. */
export const isTexts = (task: Task): task is TextTask => task !== 'image-classification';
