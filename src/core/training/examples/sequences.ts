import type { Split } from '../../../protocol/data';
import type { Windows } from './windows';

/** An example as tokens, and what is to be told of it. */
export interface Sequence {
  /** Special tokens included. */
  readonly ids: ArrayLike<number>;
  /** Which of two texts each token belongs to; all the first's when absent. */
  readonly types?: ArrayLike<number>;
  /** 1 for tokens that are to be told from those before them; all of them when absent. */
  readonly learned?: ArrayLike<number>;
  /** What is to be written after reading `ids`, its end included. */
  readonly target?: ArrayLike<number>;
}

/** Numbered sequences of tokens, however they come about. */
export interface Sequences {
  readonly count: number;
  /** Tokens of each, of the longer of two sides. */
  readonly lengths: Uint32Array;
  /** Where some of them are windows of one text. */
  readonly windows?: Windows;
  /** Ascending. */
  members(split: Split): ArrayLike<number>;
  labelOf(example: number): number;
  nameOf(example: number): string;
  read(example: number): Promise<Sequence>;
  close(): Promise<void>;
}
