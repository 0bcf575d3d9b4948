import type { ColumnMap, DataSummary, Split, TextTask } from '../../../protocol/data';

/** One line of a table, or one text of a file of plain text. */
export interface Row {
  /** Where it begins, from 1; in Parquet the number of the row. */
  readonly line: number;
  /** By column name; what a cell holds is text in CSV and anything in JSON and Parquet. */
  readonly cells: Readonly<Record<string, unknown>>;
}

export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
}

/** One example to learn from or to check with; `label` is the index of its class. */
export type TextExample =
  | { readonly task: 'text-classification'; readonly text: string; readonly label: number }
  | { readonly task: 'text-pair-classification'; readonly text: string; readonly secondText: string; readonly label: number }
  | { readonly task: 'causal-lm'; readonly text: string }
  | { readonly task: 'chat'; readonly messages: readonly Message[] }
  | { readonly task: 'text-to-text'; readonly source: string; readonly target: string };

/**
 * Texts as a data set. The texts themselves are not in memory but in a store with random access (store.ts); what is in
 * memory is some 15 bytes an example (27 while they are read). Examples are numbered 0 … count − 1 in the order of files and rows; what is left
 * out has no number.
 */
export interface TextDataset {
  /** Absolute: a file or a folder. */
  readonly root: string;
  readonly task: TextTask;
  readonly columns: ColumnMap;
  /**
   * Of plain text: what stood between two neighbouring examples of a file (they continue each other); null where every
   * example is a document of its own.
   */
  readonly separator: '\n' | '\n\n' | null;
  /** Sorted; none where the task has no classes. */
  readonly classes: readonly string[];
  readonly count: number;
  readonly summary: DataSummary;
  splitOf(example: number): Split;
  /** Index of its class; −1 where the task has none. */
  labelOf(example: number): number;
  /** `file:line`, the file relative to the root. */
  whereOf(example: number): string;
  /** The examples of a split, ascending. */
  members(split: Split): Uint32Array;
  read(example: number): Promise<TextExample>;
  /** All in order, a chunk at a time. */
  readAll(): AsyncGenerator<{ example: number; content: TextExample }>;
  /** Removes what was written aside. */
  close(): Promise<void>;
}
