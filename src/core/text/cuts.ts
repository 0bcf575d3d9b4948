import { type Tokenizer as Library, PreTokenizer } from '@huggingface/tokenizers';
import type { TokenizerJson } from './fileSchemas';

/** Stands for a space in SentencePiece's tokens. */
const space = '▁';
const beforeSpace = /(?<=[^▁])(?=▁)/u;

/**
 * Lets a tokenizer of SentencePiece's kind take a text word by word: at once, it takes time that grows faster than the text
 * and no word is remembered. Done only where it changes nothing: if no token has a space after something else, nothing is
 * ever joined across the beginning of a word.
 */
export function cutAtSpaces(library: Library, { model }: TokenizerJson): void {
  const { type, vocab, ignore_merges: whole, end_of_word_suffix: ending, continuing_subword_suffix: going } = model as Model;
  if ((type !== 'BPE' && type !== 'Unigram') || whole || ending || going || !vocab) return;
  const tokens = Array.isArray(vocab) ? vocab.map(([token]) => token) : Object.keys(vocab);
  if (!tokens.includes(space) || tokens.some((token) => beforeSpace.test(token))) return;
  library.pre_tokenizer = new Words(library.pre_tokenizer);
}

interface Model {
  readonly type?: string;
  /** Of Unigram each token with its score. */
  readonly vocab?: Readonly<Record<string, number>> | readonly [string, number][];
  /** Whether a word that is a token is looked for as a whole. */
  readonly ignore_merges?: boolean;
  readonly end_of_word_suffix?: string | null;
  readonly continuing_subword_suffix?: string | null;
}

class Words extends PreTokenizer {
  constructor(private readonly before: PreTokenizer | null) {
    super();
  }

  override pre_tokenize_text(text: string, options?: Parameters<PreTokenizer['pre_tokenize']>[1]): string[] {
    const parts = this.before ? this.before.pre_tokenize(text, options) : [text];
    return parts.flatMap((part) => part.split(beforeSpace));
  }
}
