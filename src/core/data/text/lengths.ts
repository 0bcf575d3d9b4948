import type { Problem } from '../../../protocol/data';
import { hasClasses } from '../../../protocol/defaults';
import type { LongTexts } from '../../../protocol/runConfig';
import { ChatTemplate, type TextTokenizer, withPrefix } from '../../text';
import { throwIfAborted } from '../concurrent';
import { Growing } from './growing';
import { Rows, textProblems } from './textProblems';
import type { TextDataset, TextExample } from './types';

/** Tokens of every example, special ones included, and which are longer than a model takes. */
export interface Lengths {
  /** By the number of the example; before anything is cut. */
  readonly tokens: Uint32Array;
  readonly problems: Problem[];
}

export interface LengthOptions {
  /** Tokens that an example may have. */
  readonly maxLength: number;
  /** What becomes of longer ones. */
  readonly longTexts?: LongTexts;
  /** Written before every source of text-to-text. */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

/**
 * Counts the tokens of all examples, going through them once.
 * @throws ThawError `interrupted`
 */
export async function lengthsOf(
  dataset: TextDataset,
  tokenizer: TextTokenizer,
  { maxLength, longTexts = 'cut', prefix, signal }: LengthOptions,
): Promise<Lengths> {
  const tokens = new Growing(Uint32Array);
  const long = new Rows();
  for await (const { example, content } of dataset.readAll()) {
    throwIfAborted(signal);
    const length = lengthOf(content, tokenizer, prefix);
    tokens.push(length);
    // Plain text goes on in the next block: nothing of it is cut.
    if (length > maxLength && content.task !== 'causal-lm') long.add(() => dataset.whereOf(example));
  }
  const told =
    longTexts === 'windows'
      ? textProblems.split(long, maxLength, dataset.count)
      : textProblems.cut(long, maxLength, dataset.count, hasClasses(dataset.task));
  return { tokens: tokens.toArray(), problems: long.count > 0 ? [told] : [] };
}

/**
 * Of text-to-text the longer side: each has a length of its own. A chat is counted as the model's template writes it.
 * @throws ThawError see `ChatTemplate`
 */
export function lengthOf(content: TextExample, tokenizer: TextTokenizer, prefix = ''): number {
  switch (content.task) {
    case 'text-classification':
      return tokenizer.encode(content.text).ids.length;
    case 'text-pair-classification':
      return tokenizer.encode(content.text, { pair: content.secondText }).ids.length;
    case 'causal-lm':
      return tokenizer.ids(content.text).length;
    case 'text-to-text':
      return Math.max(tokenizer.encode(withPrefix(prefix, content.source)).ids.length, tokenizer.encode(content.target).ids.length);
    case 'chat':
      return ChatTemplate.of(tokenizer).encode(content.messages).ids.length;
  }
}
