import type { DataSummary, Split } from '../../protocol/data';

/** One picture to learn from or to check with. */
export interface Example {
  /** Relative to the root, with `/`. */
  readonly path: string;
  /** Index of its class. */
  readonly label: number;
  readonly split: Split;
  /** SHA-256 of the content, hex. */
  readonly hash: string;
}

export interface Dataset {
  /** Absolute. */
  readonly root: string;
  readonly task: DataSummary['task'];
  /** Sorted by name. */
  readonly classes: readonly string[];
  /** Sorted by path; what is to be left out is not among them. */
  readonly examples: readonly Example[];
  readonly summary: DataSummary;
}
