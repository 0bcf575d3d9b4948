import type { DataSummary, Split } from '../../../protocol/data';
import type { Chunk } from '../chunks';
import type { Beside, Reads } from '../reads';
import type { Windows } from './windows';

/** What goes beside a batch. */
export interface Company {
  /** What the model takes beside x, by name: [B, …]. */
  readonly beside: Beside;
  /** Classes [B], or tokens [B, T]. */
  readonly labels: Int32Array;
  /** As the labels: what an answer counts, 1, or of a window its share of the text; 0 where nothing is asked (what fills a text up). */
  readonly counts: Float32Array;
}

/** A batch as the whole model takes it. */
export interface Given extends Company {
  /** Pictures [B, 3, S, S], or token ids [B, S]. */
  readonly x: Float32Array | Int32Array;
  /** Positions of those that cannot be read. */
  readonly unreadable: readonly number[];
}

/** What a run learns from, whatever it is: numbered examples that come as arrays. */
export interface Examples {
  readonly summary: DataSummary;
  /** Sorted; none where tokens are what is to be told. */
  readonly classes: readonly string[];
  /** Shapes that batches have; each is compiled for. Pictures have one, texts one for each length that they are filled up to. */
  readonly forms: readonly Reads[];
  /** How many views of a training example there are to keep, where what a frozen front makes of it is kept. */
  readonly views: number;
  /** Where long texts are split: an example is a window then, and what is told of examples is told of texts. */
  readonly windows?: Windows;
  formOf(example: number): number;
  /** The examples of a split, ascending. */
  members(split: Split): ArrayLike<number>;
  /** Index of its class; −1 where tokens are what is to be told. */
  labelOf(example: number): number;
  /** For people: a picture's path, a text's file and line. */
  nameOf(example: number): string;
  /**
   * @param view which one of each example (epoch 0 begins with 0); null: as it is
   * @param again whether the same will be read again: then some of the work may be kept
   */
  read(chunk: Chunk, view: number | null, again: boolean): Promise<Given>;
  /** The same without x. */
  company(chunk: Chunk): Promise<Company>;
  /** Drops what was kept for another reading. */
  forget(): void;
  close(): Promise<void>;
}
