import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import { type Finish, type Generated, type GenerationOptions, generationSchema, type Turn } from '../../protocol/generation';
import type { Engine } from '../engine';
import { RandomStream } from '../random';
import { ChatTemplate, type TextTokenizer, withPrefix } from '../text';
import { BeamSearch } from './beams';
import type { Compiler, Written } from './piece';
import { nextToken } from './sampling';
import { TextStream } from './textStream';
import { type Choice, tokensOf } from './tokens';
import { bytesOf, Writer } from './writer';

export interface WriteOptions extends Partial<GenerationOptions> {
  /** Ends the writing with its reason. */
  readonly signal?: AbortSignal;
}

/** What a model wrote, and the tokens of it. */
export type Result = Omit<Generated, 'prompt'> & { readonly ids: readonly number[] };

interface Writing {
  readonly writer: Writer;
  readonly prompt: readonly number[];
  readonly options: GenerationOptions;
  readonly stream: TextStream;
  /** Tokens for which there is room. */
  readonly room: number;
  readonly signal?: AbortSignal;
}

/** Writes texts, one after another, with a model that tells the next token: one that goes on from a prompt, or that reads it. */
export class Generator {
  private writer: Writer | null = null;

  /**
   * @param reading `ends`: tokens that end a text; `prefix`: what a model that turns one text into another reads before each
   * @throws ThawError `model.unsupported` for a classifier
   */
  constructor(
    private readonly engine: Compiler & Partial<Pick<Engine, 'roughIsQuick'>>,
    private readonly written: Written,
    readonly tokenizer: TextTokenizer,
    private readonly reading: { readonly ends: ReadonlySet<number>; readonly prefix?: string },
  ) {
    const { kind, architecture } = written.model;
    if (kind !== 'causal-lm' && kind !== 'text-to-text')
      throw new ThawError(
        'model.unsupported',
        l10n.t('A model of the class {0} does not write texts.', architecture),
        l10n.t('Choose one that tells the next token (GPT-2, Llama, Qwen2) or that turns one text into another (T5).'),
      );
  }

  /**
   * A prompt as the model is given it: a text with the special tokens that belong around it, or a conversation as the model's
   * chat template writes it, up to the answer.
   * @throws ThawError `usage` for an empty prompt; `model.unsupported` for a conversation with a model that turns one text into
   *   another; `data.unsupported` for one that the template refuses
   */
  promptOf(prompt: string | readonly Turn[]): { readonly text: string; readonly ids: readonly number[] } {
    if (typeof prompt === 'string') {
      if (this.tokenizer.ids(prompt).length === 0) throw emptyPrompt();
      const text = this.written.model.decoder ? withPrefix(this.reading.prefix ?? '', prompt) : prompt;
      return { text, ids: this.tokenizer.encode(text).ids };
    }
    const { decoder, architecture } = this.written.model;
    if (decoder)
      throw new ThawError(
        'model.unsupported',
        l10n.t('A model of the class {0} holds no conversations.', architecture),
        l10n.t('Give it a text to be turned into another.'),
      );
    if (prompt.every(({ content }) => content.trim() === '')) throw emptyPrompt();
    const text = new ChatTemplate(this.tokenizer).render(prompt, { toAnswer: true });
    return { text, ids: this.tokenizer.ids(text) };
  }

  /**
   * Writes a text; what comes out is given piece by piece, in whole characters, and together with the return value. A search
   * with several beams gives it at the end.
   * @param prompt tokens, as of `promptOf`
   * @throws ThawError `usage` for a prompt that is empty or too long, or options that are impossible; `engine.*`; what `signal` says
   */
  async *write(prompt: readonly number[], { signal, ...given }: WriteOptions = {}): AsyncGenerator<string, Result> {
    const options = parsed(given);
    this.requireRoom(prompt.length);
    signal?.throwIfAborted();
    const { model } = this.written;
    const most = model.input.maximumLength;
    const room = Math.min(options.maxNewTokens, model.decoder ? most : most - prompt.length);
    const writer = await this.writerFor(prompt.length, room, options.beams);
    const stream = new TextStream(this.tokenizer, options.stop, model.decoder ? [] : prompt);
    const writing = { writer, prompt, options, stream, room, signal };
    const began = performance.now();
    const { text, finish, ids: made } = yield* options.beams > 1 ? this.search(writing) : this.draw(writing);
    const seconds = (performance.now() - began) / 1000;
    return { text, ids: made, tokens: made.length, tokensPerSecond: made.length / seconds, finish };
  }

  private async *draw({ writer, prompt, options, stream, room, signal }: Writing): AsyncGenerator<string, Drawn> {
    const choose: Choice = (logits, place) => nextToken(logits, options, new RandomStream(options.seed, 'generation', place));
    const ids: number[] = [];
    let text = '';
    for await (const id of tokensOf(writer, prompt, choose)) {
      await breath();
      signal?.throwIfAborted();
      ids.push(id);
      let finish: Finish | null = this.reading.ends.has(id) ? 'eos' : ids.length === room ? 'length' : null;
      let piece = finish === 'eos' ? '' : stream.push(id);
      if (finish !== null) piece += stream.end();
      if (stream.stopped) finish = 'stop';
      text += piece;
      if (piece) yield piece;
      if (finish !== null) return { text, ids, finish };
    }
    throw new Error('a text has no end of its own');
  }

  private async *search({ writer, prompt, options, stream, room, signal }: Writing): AsyncGenerator<string, Drawn> {
    const search = new BeamSearch(options.beams, this.reading.ends, room);
    let step = search.step(await writer.begin(prompt));
    while (step) {
      await breath();
      signal?.throwIfAborted();
      step = search.step(await writer.next(step.ids, step.parents));
    }
    const ids = search.best();
    const isEnded = this.reading.ends.has(ids.at(-1) as number);
    let text = '';
    for (const id of isEnded ? ids.slice(0, -1) : ids) if (!stream.stopped) text += stream.push(id);
    text += stream.end();
    if (text) yield text;
    return { text, ids, finish: stream.stopped ? 'stop' : isEnded ? 'eos' : 'length' };
  }

  private requireRoom(tokens: number): void {
    const { input, decoder, architecture } = this.written.model;
    if (tokens === 0) throw emptyPrompt();
    const most = decoder ? input.maximumLength : input.maximumLength - 1;
    if (tokens > most)
      throw new ThawError(
        'usage',
        l10n.t('The prompt has {0} tokens; {1} takes {2} at most.', tokens, architecture, most),
        l10n.t('Shorten it, or choose a model with more positions.'),
      );
  }

  /**
   * Whether guesses are worth checking, and the rough step worth making: where most of the time goes by reading weights from
   * memory, as they are too large for the processor's own, and many tokens come.
   */
  private guesses(tokens: number): boolean {
    return this.engine.roughIsQuick === true && tokens >= many && bytesOf(this.written) > cached;
  }

  /** One that has room for these lengths: what was compiled is used again where it fits. */
  private async writerFor(prompt: number, tokens: number, texts: number): Promise<Writer> {
    const { model } = this.written;
    const wanted = model.decoder ? { read: prompt, length: tokens } : { read: 0, length: prompt + tokens };
    const has = this.writer?.room;
    const isEnough = has && has.texts === texts && has.read >= wanted.read && has.length >= wanted.length;
    // far more room than is needed costs time with every token
    if (this.writer && isEnough && has.length <= Math.max(fewest, 4 * wanted.length)) return this.writer;
    await this.dispose();
    const most = model.input.maximumLength;
    const room = { texts, read: wanted.read && roomFor(wanted.read, most), length: roomFor(wanted.length, most) };
    this.writer = await Writer.compile(this.engine, this.written, room, { guesses: texts === 1 && this.guesses(tokens) });
    return this.writer;
  }

  async dispose(): Promise<void> {
    const { writer } = this;
    this.writer = null;
    await writer?.dispose();
  }
}

type Drawn = Pick<Result, 'text' | 'ids' | 'finish'>;

const fewest = 64;
const many = 64;
/** Bytes that a processor may keep at hand. */
const cached = 64e6;

/** Some more than is asked for, so that the next text of about this length needs no other program. */
function roomFor(tokens: number, most: number): number {
  let room = fewest;
  while (room < tokens) room += room >= 256 ? 128 : 64;
  return Math.min(room, most);
}

function emptyPrompt(): ThawError {
  return new ThawError('usage', l10n.t('The prompt is empty.'), l10n.t('Give the model something to go on from.'));
}

function parsed(options: Partial<GenerationOptions>): GenerationOptions {
  const found = generationSchema.safeParse(options);
  if (found.success) return found.data;
  const issues = found.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new ThawError('usage', l10n.t('A text cannot be written like this: {0}.', issues), l10n.t('Correct what is named.'));
}

/** Who waits for a message or a timer gets a turn before the next token. */
const breath = () => new Promise((resolve) => setImmediate(resolve));
