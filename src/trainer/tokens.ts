import * as l10n from '@vscode/l10n';
import { lengthOf, type TextExample } from '../core/data/text';
import { TextTokenizer, withPrefix } from '../core/text';
import { locate, modelsFolder } from '../core/weights';
import type { TokensAnswer } from '../protocol/assistant';
import type { Token, Tokens } from '../protocol/data';
import { ThawError } from '../protocol/failure';

/** Tokens that are listed of one text. */
const listed = 600;
/** Characters that are turned into tokens to be looked at; a table counts the tokens of no longer text. */
const mostCharacters = 50_000;

let last: { model: string; tokenizer: Promise<TextTokenizer> } | undefined;

/** A model's tokenizer; the one asked last is kept. */
export function tokenizerOf(model: string): Promise<TextTokenizer> {
  if (last?.model === model) return last.tokenizer;
  const tokenizer = open(model);
  last = { model, tokenizer };
  tokenizer.catch(() => {
    if (last?.tokenizer === tokenizer) last = undefined; // it may come yet
  });
  return tokenizer;
}

async function open(model: string): Promise<TextTokenizer> {
  const located = await locate(model, { modelsFolder: modelsFolder() });
  if ('folder' in located) return TextTokenizer.open(located.folder);
  throw new ThawError('model.unsupported', l10n.t('The model {0} does not read texts.', model), l10n.t('Choose another model.'));
}

/**
 * Whether a model can read texts, as a run asks it.
 * @param vocabulary tokens that it knows
 * @throws ThawError see `locate`, `TextTokenizer.open` and `TextTokenizer.requireFit`
 */
export async function requireTokenizer(model: string, vocabulary: number): Promise<void> {
  try {
    (await tokenizerOf(model)).requireFit(vocabulary, model);
  } catch (error) {
    if (last?.model === model) last = undefined; // another may be put beside it
    throw error;
  }
}

/**
 * Counts the tokens of an example; null where that would take too long for a table.
 * @param prefix written before every source of text-to-text
 */
export async function tokenCounter(model: string, prefix?: string): Promise<(content: TextExample, characters: number) => number | null> {
  const tokenizer = await tokenizerOf(model);
  return (content, characters) => (characters > mostCharacters ? null : lengthOf(content, tokenizer, prefix));
}

/**
 * The tokens of texts as the model takes them, each for itself, or of two as a pair.
 * @param prefix written before the first, a source
 * @throws ThawError see `locate` and `TextTokenizer.open`
 */
export async function tokensOf(
  model: string,
  { texts: given, pair, maxLength, prefix = '' }: { texts: readonly string[]; pair: boolean; maxLength?: number; prefix?: string },
): Promise<TokensAnswer> {
  const tokenizer = await tokenizerOf(model);
  const limit = maxLength ?? tokenizer.maxLength;
  const texts = given.map((text, i) => (i === 0 ? withPrefix(prefix, text) : text));
  const [first = '', second] = texts;
  const all =
    pair && second !== undefined
      ? [tokensOfOne(tokenizer, limit, first, second)]
      : texts.map((text) => tokensOfOne(tokenizer, limit, text));
  return { limit, texts: all };
}

function tokensOfOne(tokenizer: TextTokenizer, limit: number | null, whole: string, wholePair?: string): Tokens {
  const text = whole.slice(0, mostCharacters);
  const pair = wholePair?.slice(0, mostCharacters);
  const { ids } = tokenizer.encode(text, { pair });
  const special = new Set(Object.values(tokenizer.special).filter((id) => id !== null && id !== tokenizer.special.unk));
  // What a token stands for is looked up in the texts: byte-level vocabularies write it in letters that nobody reads.
  const pieces = [
    ...tokenizer.pieces(text).map((piece) => ({ ...piece, of: text })),
    ...(pair === undefined ? [] : tokenizer.pieces(pair).map((piece) => ({ ...piece, of: pair }))),
  ];
  let next = 0;
  let end = 0;
  const tokens = ids.slice(0, listed).map((id): Token => {
    const piece = pieces[next];
    const token = tokenizer.tokenOf(id) ?? '';
    if (!piece || piece.id !== id) return { id, token, shown: token, kind: special.has(id) ? 'special' : 'begins' };
    next++;
    const continues = token.startsWith('##') || (next > 1 && piece.start === end && piece.start > 0);
    end = piece.end;
    const isUnknown = id === tokenizer.special.unk;
    const kind = isUnknown ? 'unknown' : special.has(id) ? 'special' : continues ? 'continues' : 'begins';
    const surface = token.startsWith('##') || isUnknown ? token : piece.of.slice(piece.start, piece.end);
    return { id, token, shown: surface || (/^[Ġ▁]$/.test(token) ? '␣' : token), kind };
  });
  const kept = limit === null ? ids.length : tokenizer.encode(text, { pair, maxLength: limit }).ids.length;
  return { tokens, count: ids.length, kept };
}
