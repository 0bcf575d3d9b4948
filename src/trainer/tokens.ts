import * as l10n from '@vscode/l10n';
import { lengthOf, type TextExample } from '../core/data/text';
import { ChatTemplate, type Piece, TextTokenizer, type Turn, withPrefix } from '../core/text';
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
 * Counts the tokens of an example; null where that would take too long for a table, or where a chat is none to its template.
 * @param prefix written before every source of text-to-text
 */
export async function tokenCounter(model: string, prefix?: string): Promise<(content: TextExample, characters: number) => number | null> {
  const tokenizer = await tokenizerOf(model);
  return (content, characters) => {
    if (characters > mostCharacters) return null;
    try {
      return lengthOf(content, tokenizer, prefix);
    } catch {
      return null; // a run says why
    }
  };
}

interface Question {
  /** Of a chat, roles and contents in turn. */
  readonly texts: readonly string[];
  readonly pair: boolean;
  readonly chat?: boolean;
  readonly maxLength?: number;
  readonly prefix?: string;
}

/**
 * The tokens of texts as the model takes them, each for itself, or of two as a pair, or of all as a conversation.
 * @param prefix written before the first, a source
 * @throws ThawError see `locate`, `TextTokenizer.open` and, of a conversation, `ChatTemplate`
 */
export async function tokensOf(
  model: string,
  { texts: given, pair, chat = false, maxLength, prefix = '' }: Question,
): Promise<TokensAnswer> {
  const tokenizer = await tokenizerOf(model);
  const limit = maxLength ?? tokenizer.maxLength;
  if (chat) return { limit, texts: [tokensOfChat(tokenizer, limit, given)] };
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
  const pieces = [...placesIn(tokenizer, text), ...(pair === undefined ? [] : placesIn(tokenizer, pair))];
  const kept = limit === null ? ids.length : tokenizer.encode(text, { pair, maxLength: limit }).ids.length;
  return { tokens: shownTokens(tokenizer, ids, pieces), count: ids.length, kept };
}

/** As a run reads it: by the template, each part for itself, cut at the end. */
function tokensOfChat(tokenizer: TextTokenizer, limit: number | null, fields: readonly string[]): Tokens {
  const turns = fields.flatMap((role, i) => (i % 2 === 0 ? [{ role: role as Turn['role'], content: fields[i + 1] ?? '' }] : []));
  const places: Place[] = [];
  let room = mostCharacters;
  for (const { text, learned } of ChatTemplate.of(tokenizer).parts(turns)) {
    for (const place of placesIn(tokenizer, text.slice(0, room))) places.push({ ...place, learned });
    room = Math.max(0, room - text.length);
  }
  const ids = places.map(({ id }) => id);
  const tokens = shownTokens(tokenizer, ids, places).map((token, i): Token => ({ ...token, learned: (places[i] as Place).learned }));
  return { tokens, count: ids.length, kept: Math.min(ids.length, limit ?? ids.length) };
}

/** A token, and the text that it has its place in: byte-level vocabularies write it in letters that nobody reads. */
interface Place extends Piece {
  readonly of: string;
  readonly learned?: boolean;
}

const placesIn = (tokenizer: TextTokenizer, of: string): Place[] => tokenizer.pieces(of).map((piece) => ({ ...piece, of }));

/** @param ids those of the places in their order, and between them what the model adds */
function shownTokens(tokenizer: TextTokenizer, ids: readonly number[], places: readonly Place[]): Token[] {
  let next = 0;
  let end = 0;
  return ids.slice(0, listed).map((id): Token => {
    const piece = places[next];
    const token = tokenizer.tokenOf(id) ?? '';
    const isSpecial = tokenizer.isSpecial(id);
    if (!piece || piece.id !== id) return { id, token, shown: token, kind: isSpecial ? 'special' : 'begins' };
    next++;
    const continues = token.startsWith('##') || (next > 1 && piece.start === end && piece.start > 0);
    end = piece.end;
    const isUnknown = id === tokenizer.special.unk;
    const kind = isUnknown ? 'unknown' : isSpecial ? 'special' : continues ? 'continues' : 'begins';
    const surface = token.startsWith('##') || isUnknown ? token : piece.of.slice(piece.start, piece.end);
    return { id, token, shown: surface || (/^[Ġ▁]$/.test(token) ? '␣' : token), kind };
  });
}
