import * as z from 'zod';
import { textTasks } from './tasks';

export { isTexts, type Task, type TextTask, textTasks } from './tasks';

export const splitNames = ['train', 'validation', 'test'] as const;
export const splitSchema = z.enum(splitNames);
export type Split = z.infer<typeof splitSchema>;

export const textTaskSchema = z.enum(textTasks);
export const taskSchema = z.enum(['image-classification', ...textTasks]);

/** What a column of a table may be to a task of texts. */
export const columnRoles = [
  'text', // classification: the text; causal-lm: what is to be continued
  'secondText', // of a pair
  'label',
  'source', // text-to-text
  'target',
  'instruction', // one question and its answer
  'input', // what the instruction is about, often empty
  'output', // the answer
  'messages', // a whole conversation
  'split', // train, validation or test
] as const;
export const columnRoleSchema = z.enum(columnRoles);
export type ColumnRole = z.infer<typeof columnRoleSchema>;
/** The name of the column that plays each role; of roles that none need play, '' for none (see `optionalRoles`). */
export const columnMapSchema = z.partialRecord(columnRoleSchema, z.string());
export type ColumnMap = Partial<Record<ColumnRole, string>>;

export const problemCodes = [
  'unreadable', // cannot be decoded: left out
  'notAnImage', // another kind of file under an image's name, or the reverse
  'tooLarge', // a decompression bomb: left out
  'duplicate', // the same bytes twice in one split and class
  'nearDuplicate', // looks the same (perceptual hash)
  'sameInSplits', // the same picture in two splits: its copies in train are left out
  'sameInClasses', // the same picture under two labels
  'fewExamples',
  'imbalance',
  'missingInSplit', // a class that a split lacks
  'stray', // files that belong to no class
  'link', // a symbolic link that leads back up: not followed
  'empty', // a text or label that is not there: left out
  'labelTypo', // labels that differ by case, spaces or a slip of the finger
  'labelNumbers', // labels are numbers
  'control', // characters that nobody typed: control characters, halves of surrogate pairs
  'ragged', // rows with more or fewer cells than there are columns
  'cut', // texts longer than the model takes
  'split', // such texts, where they are split into windows
] as const;
export const problemSchema = z.object({
  code: z.enum(problemCodes),
  severity: z.enum(['error', 'warning', 'info']),
  /** What is the case: "2 pictures are in train and in test". */
  message: z.string(),
  /** What it means and what will be done: "They would flatter the test accuracy. Their copies in train are left out." */
  meaning: z.string(),
  /** Relative to the data's root; at most 1,000 of them, `count` is the true number. */
  files: z.array(z.string()),
  count: z.number().int(),
});
export type Problem = z.infer<typeof problemSchema>;

/** What is known of a data set, as far as it has been looked at. Counts are of examples that will be used. */
export const dataSummarySchema = z.object({
  root: z.string(),
  task: taskSchema,
  classes: z.array(z.object({ name: z.string(), count: z.number().int() })),
  splits: z.partialRecord(
    splitSchema,
    z.object({
      count: z.number().int(),
      /** Examples of each class, in the order of `classes`. */
      classes: z.array(z.number().int()),
      /** Whether the folder said so, or it was split off the training examples. */
      origin: z.enum(['folder', 'metadata', 'split']),
    }),
  ),
  problems: z.array(problemSchema),
  /** Of a table of texts: its columns in order, and what the task takes each for (null: nothing). */
  columns: z.array(z.object({ name: z.string(), role: columnRoleSchema.nullable() })).optional(),
  /** SHA-256 over the sorted (path, content hash, class, split): what a run was trained on. */
  fingerprint: z.string(),
});
export type DataSummary = z.infer<typeof dataSummarySchema>;

/** One example as the grid needs it. */
export interface ExampleRow {
  /** Relative to the root, with `/`. */
  path: string;
  /** Index of the class. */
  label: number;
  split: Split;
}
/** Rows come by the ten thousand, and the window that waits for them is held up: a plain look takes a fortieth of a schema's time. */
export const exampleRowsSchema = z.custom<ExampleRow[]>((rows) => Array.isArray(rows) && rows.every(isExampleRow));

function isExampleRow(row: Partial<Record<keyof ExampleRow, unknown>> | null | undefined): boolean {
  return typeof row?.path === 'string' && Number.isSafeInteger(row.label) && splitNames.some((name) => name === row.split);
}

/** One example of texts as the table needs it. */
export const textRowSchema = z.object({
  /** `file:line`, the file relative to the root. */
  where: z.string(),
  split: splitSchema,
  /** Null where the task has no classes. */
  label: z.string().nullable(),
  /** The texts in the order of the task: first and second, source and target; of a chat, roles and contents in turn. */
  fields: z.array(z.string()),
  /** Whether the fields are the beginnings of longer ones. */
  cut: z.boolean(),
  /** For a model, special ones included; null where that is not known. */
  tokens: z.int().nullable(),
});
export type TextRow = z.infer<typeof textRowSchema>;

/** Which rows of a table of texts are shown. */
export const rowFilterSchema = z.object({
  split: z.union([splitSchema, z.literal('all')]),
  /** A class's name; null for all. */
  klass: z.string().nullable(),
  /** A part of a text, large and small letters alike; '' for any. */
  search: z.string().max(1000),
  /** Just these, by `where`, in this order. */
  only: z.array(z.string()).max(1000).nullable(),
});
export type RowFilter = z.infer<typeof rowFilterSchema>;

/** A part of a text as a model takes it. */
export const tokenSchema = z.object({
  id: z.int(),
  /** As the vocabulary has it: `##und`, `Ġthe`. */
  token: z.string(),
  /** As people read it. */
  shown: z.string(),
  kind: z.enum(['special', 'unknown', 'begins', 'continues']),
  /** Of a chat: whether the loss counts on it. */
  learned: z.boolean().optional(),
});
export type Token = z.infer<typeof tokenSchema>;

/** A text's tokens; no more than some hundreds of them are listed. */
export const tokensSchema = z.object({
  tokens: z.array(tokenSchema),
  /** All of them, special ones included, before anything is cut. */
  count: z.int(),
  /** How many of the list are used, where the rest is cut off. */
  kept: z.int(),
});
export type Tokens = z.infer<typeof tokensSchema>;
