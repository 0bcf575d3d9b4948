import { Tokenizer as Library } from '@huggingface/tokenizers';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import { cutAtSpaces } from './cuts';
import type { TokenizerConfig } from './fileSchemas';
import { readTokenizerFiles, type TokenizerFiles } from './files';
import { rememberWords } from './knownWords';
import { type Piece, piecesOf } from './pieces';
import { withAllLetters } from './whitespace';

/** A text, or two, as a model takes it. All arrays are of the same length. */
export interface Encoded {
  readonly ids: number[];
  /** 0 for the first text and what belongs to it, 1 for the second (BERT's token_type_ids). */
  readonly types: number[];
  /** Tokens of the texts that were cut off to fit. */
  readonly cut: number;
}

export interface EncodeOptions {
  readonly pair?: string;
  /** Tokens at most, special ones included: what is beyond is cut off, of the longer text of a pair first. */
  readonly maxLength?: number;
}

export interface WindowOptions {
  readonly pair?: string;
  /** Tokens of a window at most, special ones included. */
  readonly maxLength: number;
  /** Tokens that a window repeats of the one before; a quarter of its text unless said. */
  readonly overlap?: number;
}

/** Numbers of the tokens that a model gives a meaning to; null where it has none. */
export interface SpecialTokens {
  readonly pad: number | null;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly unk: number | null;
  readonly cls: number | null;
  readonly sep: number | null;
  readonly mask: number | null;
}

const kinds = ['WordPiece', 'BPE', 'Unigram', 'WordLevel'];
/** Beyond this, transformers writes "very large": there is no limit. */
const unlimited = 1e9;

/**
 * A model's tokenizer. What it computes is Hugging Face's own JavaScript; cutting to a length is done here as their Rust
 * does it (tokenizers/src/utils/truncation.rs, LongestFirst).
 */
export class TextTokenizer {
  readonly special: SpecialTokens;
  /** One more than the largest number. */
  readonly size: number;
  /** Tokens that its model takes; null where the files say nothing. */
  readonly maxLength: number | null;
  readonly config: TokenizerConfig;
  readonly files: readonly string[];
  private readonly library: Library;
  /** Tokens that its files call special, beside those in `special`. */
  private readonly marks: ReadonlySet<number>;
  /** Whether its normalizer makes all letters small. */
  private readonly lowers: boolean;
  /** Whether two texts are simply joined: the library leaves the second out where nothing is to be put between. */
  private readonly joins: boolean;
  /** Of special tokens around one text and around two. */
  private readonly around: readonly [number, number];

  /** @throws ThawError see `readTokenizerFiles` */
  static async open(folder: string): Promise<TextTokenizer> {
    return new TextTokenizer(await readTokenizerFiles(folder), folder);
  }

  /** @throws ThawError `model.unsupported` for parts that the library does not know */
  constructor(
    files: TokenizerFiles,
    /** For messages. */
    readonly path: string,
  ) {
    this.config = files.config;
    this.files = files.names;
    try {
      // These two are applied by older tokenizers in Python; where there is a tokenizer.json, its normalizer does it.
      const { remove_space: _1, do_lowercase_and_remove_accent: _2, ...config } = files.config;
      const kind = files.tokenizer.model.type;
      if (kind !== undefined && !kinds.includes(kind)) throw new Error(l10n.t('it is of the kind {0}', kind));
      this.library = new Library({ ...files.tokenizer, pre_tokenizer: withAllLetters(files.tokenizer.pre_tokenizer) }, config);
      cutAtSpaces(this.library, files.tokenizer);
      rememberWords(this.library);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ThawError(
        'model.unsupported',
        l10n.t('The tokenizer of {0} cannot be used: {1}', path, reason),
        l10n.t('Choose another model.'),
        {
          path,
          cause: error,
        },
      );
    }
    this.lowers = /"lowercase":true|"type":"Lowercase"/.test(JSON.stringify(files.tokenizer.normalizer));
    this.joins = !this.library.post_processor?.(['a'], ['b'], true).tokens.includes('b');
    this.size = [...this.library.get_vocab().values()].reduce((most, id) => Math.max(most, id + 1), 0);
    const { config } = files;
    const numberOf = (token: string | null | undefined, ...usual: string[]) => {
      for (const name of token ? [token] : usual) {
        const id = this.library.token_to_id(name);
        if (id !== undefined) return id;
      }
      return null;
    };
    this.special = {
      pad: numberOf(config.pad_token, '[PAD]', '<pad>'),
      bos: numberOf(config.bos_token, '<s>'),
      eos: numberOf(config.eos_token, '</s>', '<|endoftext|>'),
      unk: numberOf(config.unk_token, '[UNK]', '<unk>'),
      cls: numberOf(config.cls_token, '[CLS]'),
      sep: numberOf(config.sep_token, '[SEP]'),
      mask: numberOf(config.mask_token, '[MASK]'),
    };
    this.marks = new Set(files.tokenizer.added_tokens.filter(({ special }) => special).map(({ id }) => id));
    const limit = config.model_max_length;
    this.maxLength = limit && limit < unlimited ? limit : null;
    this.around = [this.processed([], null).tokens.length, this.processed([], []).tokens.length];
  }

  /** What fills up a batch: the token for it, else one that is always there; an attention mask hides it either way. */
  get padding(): number {
    return this.special.pad ?? this.special.eos ?? 0;
  }

  /** @throws ThawError `model.unsupported` where it knows tokens that the model has no embedding for */
  requireFit(modelSize: number, model: string): void {
    if (this.size <= modelSize) return;
    throw new ThawError(
      'model.unsupported',
      l10n.t('The tokenizer of {0} has {1} tokens, but the model only {2}.', model, this.size, modelSize),
      l10n.t('They do not belong together: put the tokenizer files of this very model beside it.'),
      { path: this.path },
    );
  }

  /** The tokens of a text alone, without special ones. */
  ids(text: string): number[] {
    return this.numbers(this.tokens(text));
  }

  /** A text or two with the special tokens of the model. */
  encode(text: string, { pair, maxLength }: EncodeOptions = {}): Encoded {
    let first = this.tokens(text);
    let second = pair === undefined ? null : this.tokens(pair);
    const before = first.length + (second?.length ?? 0);
    if (maxLength !== undefined) {
      const room = Math.max(0, maxLength - this.around[second ? 1 : 0]);
      const [a, b] = longestFirst(first.length, second?.length ?? 0, room);
      first = this.kept(first, a);
      second &&= this.kept(second, b);
    }
    const { tokens, types } = this.processed(first, second);
    return { ids: this.numbers(tokens), types, cut: before - first.length - (second?.length ?? 0) };
  }

  /**
   * A long text as several of at most `maxLength` tokens, special ones included, each of which repeats the last `overlap`
   * tokens of the one before (Hugging Face's `return_overflowing_tokens`, whose `stride` this is). Of a pair the longer text is
   * split, the second of equals, and the other goes beside every window, whole or cut to half of the room.
   * @throws ThawError `config.invalid` where a window has no room
   */
  windows(text: string, { pair, maxLength, overlap }: WindowOptions): Encoded[] {
    const first = this.tokens(text);
    const second = pair === undefined ? null : this.tokens(pair);
    const room = maxLength - this.around[second ? 1 : 0];
    if (room < 1) throw noRoom(maxLength);
    const splitsFirst = second === null || first.length > second.length;
    const [long, other] = splitsFirst ? [first, second] : [second, first];
    const beside = other && this.kept(other, Math.min(other.length, Math.floor(room / 2)));
    const size = room - (beside?.length ?? 0);
    const repeated = overlap ?? Math.floor(size / 4);
    if (repeated >= size) throw new RangeError(`Windows of ${size} tokens cannot overlap by ${repeated}`);
    const cut = (other?.length ?? 0) - (beside?.length ?? 0);
    const found: Encoded[] = [];
    for (let from = 0; from === 0 || from + repeated < long.length; from += size - repeated) {
      const part = long.slice(from, from + size);
      const { tokens, types } = splitsFirst ? this.processed(part, beside) : this.processed(beside ?? [], part);
      found.push({ ids: this.numbers(tokens), types, cut });
    }
    return found;
  }

  /** A text's tokens with the places in it that they stand for, special tokens left out. For showing. */
  pieces(text: string): Piece[] {
    const tokens = this.tokens(text);
    return piecesOf(text, tokens, this.numbers(tokens));
  }

  decode(ids: readonly number[], options: { keepSpecial?: boolean } = {}): string {
    if (ids.length === 0) return '';
    return this.library.decode([...ids], {
      skip_special_tokens: !options.keepSpecial,
      clean_up_tokenization_spaces: this.config.clean_up_tokenization_spaces ?? false,
    });
  }

  /** Whether a token is none of a text but a mark, such as where one ends or who speaks. */
  isSpecial(id: number): boolean {
    const { unk, ...others } = this.special;
    return id !== unk && (this.marks.has(id) || Object.values(others).includes(id));
  }

  tokenOf(id: number): string | undefined {
    return this.library.id_to_token(id);
  }

  idOf(token: string): number | undefined {
    return this.library.token_to_id(token);
  }

  private tokens(text: string): string[] {
    // Rust makes small letters one by one; JavaScript's end a word with another sigma.
    return this.library.tokenize(this.lowers ? text.replaceAll('Σ', 'σ') : text);
  }

  /** So many of them, from the side that the tokenizer keeps. */
  private kept(tokens: string[], n: number): string[] {
    return this.config.truncation_side === 'left' ? tokens.slice(tokens.length - n) : tokens.slice(0, n);
  }

  private numbers(tokens: readonly string[]): number[] {
    const ids: number[] = [];
    for (const token of tokens) {
      const id = this.library.token_to_id(token) ?? this.special.unk;
      if (id !== null) ids.push(id);
    }
    return ids;
  }

  private processed(first: string[], second: string[] | null): { tokens: string[]; types: number[] } {
    const processor = this.library.post_processor;
    if (!processor || (second && this.joins)) {
      const { tokens, types } = processor ? this.processed(first, null) : { tokens: first, types: first.map(() => 0) };
      return { tokens: [...tokens, ...(second ?? [])], types: [...types, ...(second ?? []).map(() => 1)] };
    }
    const { tokens, token_type_ids: types } = processor(first, second, true);
    return { tokens, types: types ?? tokens.map(() => 0) };
  }
}

function noRoom(maxLength: number): ThawError {
  return new ThawError(
    'config.invalid',
    l10n.t('Windows of {0} tokens have no room for a text.', maxLength),
    l10n.t('Choose a greater maximum length.'),
  );
}

/** How many tokens of each of two texts are kept so that they are `room` together. */
function longestFirst(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const swap = first > second;
  let [shorter, longer] = swap ? [second, first] : [first, second];
  longer = shorter > room ? shorter : Math.max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = Math.floor(room / 2);
    longer = shorter + (room % 2);
  }
  return swap ? [longer, shorter] : [shorter, longer];
}
