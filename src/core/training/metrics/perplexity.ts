/** What a language model lost on the tokens of a text, or of many. */
export interface TokenLosses {
  /** Summed cross-entropy of the tokens that count, in nats. */
  readonly nats: number;
  /** How many tokens count. */
  readonly tokens: number;
}

/**
 * Loss a token (nats) and perplexity e^loss over all tokens of all parts, each token with the same say: never a mean of
 * means, which would let short texts count more. Without tokens there is no loss: both are null.
 */
export function tokenLosses(parts: Iterable<TokenLosses>): { loss: number | null; perplexity: number | null; tokens: number } {
  let nats = 0;
  let tokens = 0;
  for (const part of parts) {
    nats += part.nats;
    tokens += part.tokens;
  }
  if (tokens === 0) return { loss: null, perplexity: null, tokens };
  const loss = nats / tokens;
  return { loss, perplexity: Math.exp(loss), tokens };
}
