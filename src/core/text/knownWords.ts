import type { Tokenizer as Library } from '@huggingface/tokenizers';

/** Words whose tokens are remembered, and characters of the longest of them: some 10 MB at most. */
const mostWords = 50_000;
const longestWord = 64;

/**
 * Lets a tokenizer remember the tokens of the words that it has met. Its model takes each word by itself, and most words of a
 * text are among a few thousand: looking them up takes half the time in all.
 */
export function rememberWords({ model }: Library): void {
  if (!model) return;
  const encode = model.encode.bind(model);
  const known = new Map<string, readonly string[]>();
  const tokensOf = (word: string): readonly string[] => {
    const met = known.get(word);
    if (met) return met;
    const tokens = encode([word]);
    if (word.length > longestWord) return tokens;
    if (known.size >= mostWords) known.clear();
    known.set(word, tokens);
    return tokens;
  };
  model.encode = (words) => {
    const tokens: string[] = [];
    for (const word of words) for (const token of tokensOf(word)) tokens.push(token);
    return tokens;
  };
}
