import type { Program, TensorData } from '../engine';
import { forTexts, type Room } from './past';
import { type Compiler, compilePiece, compileReading, type Written } from './piece';

/** Prompts up to so many tokens go through the step for single ones: it is there, and the other one takes time to build. */
const shortPrompt = 8;
/** Tokens that are checked at once: as many rows as a product with the weights takes in one pass over them. */
const checked = 12;
/** A step for long prompts is a further copy of the weights: too much where they have more bytes than this. */
const copied = 1e9;

/**
 * A model compiled for writing N texts. All its programs work on the same past: a step for single tokens, and one for the
 * tokens of a prompt. A model that guesses has a step for many tokens instead, and a rough one for single tokens, which tells
 * what the other one then checks: the weights are read from memory once for all of them, where that is what takes the time.
 * One that reads has a program for that.
 */
export class Writer {
  /** Tokens that the texts have so far. */
  private place = 0;
  private prompt: { readonly size: number; readonly program: Program } | null = null;
  private reading: Program | null = null;
  /** 1 for each token of the text that is read, 0 for what fills it up: [1, R] */
  private mask = new Int32Array(0);

  private constructor(
    private readonly engine: Compiler,
    private readonly written: Written,
    readonly room: Room,
    /** The same, with what is behind the last token. */
    private readonly past: Room,
    private readonly exact: Program,
    private readonly rough: Program | null,
  ) {}

  /**
   * @param options.guesses whether it is to guess: for a single text alone
   * @throws ThawError see Engine.compile
   */
  static async compile(engine: Compiler, written: Written, room: Room, { guesses = false } = {}): Promise<Writer> {
    const { texts } = room;
    if (!guesses) {
      const token = await compilePiece(engine, written, room, { tokens: 1, texts, logits: 'all' });
      return new Writer(engine, written, room, room, token, null);
    }
    const longer = { ...room, length: room.length + checked }; // a piece is as long behind the last token as behind the first
    const exact = await compilePiece(engine, written, longer, { tokens: checked, texts, logits: 'all' });
    const rough = await compilePiece(engine, written, longer, { tokens: 1, texts, logits: 'all', sharing: exact, rough: true });
    return new Writer(engine, written, room, longer, exact, rough);
  }

  /** Tokens that can be guessed, and then checked together with the one before them: 0 where there is no room, or it does not guess. */
  get guessable(): number {
    return this.rough ? Math.max(0, Math.min(checked, this.room.length - this.place) - 1) : 0;
  }

  /**
   * Begins anew: a prompt to go on from, or for a model that reads, the text to be read.
   * @returns logits of the token that comes next, [V]
   */
  async begin(ids: readonly number[]): Promise<Float32Array> {
    this.place = 0;
    const { decoder } = this.written.model;
    if (decoder) await this.read(ids);
    const first = decoder ? [decoder.start] : ids;
    if (!this.rough) return first.length > shortPrompt ? this.chunks(first) : this.oneByOne(first);
    const isLong = first.length > 2 * checked && bytesOf(this.written) <= copied;
    return isLong ? this.chunks(first) : this.piecemeal(first);
  }

  /**
   * @param ids the token that each text goes on with
   * @param parents which of the texts it is that each goes on from; each from itself by default
   * @returns logits of what comes after it, [N · V]
   */
  async next(ids: readonly number[], parents: readonly number[] = ids.map((_, i) => i)): Promise<Float32Array> {
    if (this.rough) return this.piecemeal(ids);
    const several = this.room.texts > 1 && { parents: Int32Array.from(parents) };
    return this.run(this.exact, { ids: Int32Array.from(ids), from: Int32Array.of(this.place++), ...several });
  }

  /**
   * About what comes after a token, so many places ahead of those that the text has.
   * @returns logits, [V]
   */
  guess(id: number, ahead: number): Promise<Float32Array> {
    return this.run(this.rough as Program, { ids: Int32Array.of(id), from: Int32Array.of(this.place + ahead) });
  }

  /**
   * What comes after each of some tokens; the text stays as long as it is, until `accept` says how many of them it has.
   * @returns logits of each, [V]
   */
  async check(ids: readonly number[]): Promise<Float32Array[]> {
    const { classes } = this.written.model;
    const logits = await this.run(this.exact, { ids: filled(ids, checked), from: Int32Array.of(this.place) });
    return ids.map((_, i) => logits.subarray(i * classes, (i + 1) * classes));
  }

  accept(tokens: number): void {
    this.place += tokens;
  }

  private async oneByOne(ids: readonly number[]): Promise<Float32Array> {
    let logits = new Float32Array(0);
    for (const id of ids) logits = (await this.next(Array<number>(this.room.texts).fill(id))) as typeof logits;
    return logits.subarray(0, this.written.model.classes);
  }

  /** In pieces of one length; the last one begins earlier where it would go beyond the end, and computes some tokens again. */
  private async chunks(ids: readonly number[]): Promise<Float32Array> {
    const size = Math.min(this.past.length, ids.length <= 16 ? 16 : 64);
    const program = await this.promptProgram(size);
    let logits = new Float32Array(0);
    for (let at = 0; at < ids.length; at += size) {
      const from = Math.min(at, this.past.length - size);
      const count = Math.min(size, ids.length - from);
      const given = { ids: filled(ids.slice(from, from + count), size), from: Int32Array.of(from), last: Int32Array.of(count - 1) };
      logits = (await this.run(program, given)) as typeof logits;
    }
    this.place = ids.length;
    return logits;
  }

  private async promptProgram(size: number): Promise<Program> {
    if (this.prompt?.size === size) return this.prompt.program;
    await this.prompt?.program.dispose();
    const piece = { tokens: size, texts: 1, logits: 'last', sharing: this.exact } as const;
    const program = await compilePiece(this.engine, this.written, this.past, piece);
    this.prompt = { size, program };
    return program;
  }

  /** Through the step for many tokens. */
  private async piecemeal(ids: readonly number[]): Promise<Float32Array> {
    let last: Float32Array | undefined;
    for (let at = 0; at < ids.length; at += checked) {
      const piece = ids.slice(at, at + checked);
      last = (await this.check(piece)).at(-1);
      this.accept(piece.length);
    }
    return last as Float32Array;
  }

  /** Keys and values of a text, for all that is written. */
  private async read(ids: readonly number[]): Promise<void> {
    const { engine, written, room } = this;
    this.reading ??= await compileReading(engine, written, room);
    this.mask = Int32Array.from({ length: room.read }, (_, i) => Number(i < ids.length));
    const made = await this.reading.run({ ids: filled(ids, room.read, written.model.input.padding), mask: this.mask });
    this.exact.write(forTexts(new Map(Object.entries(made)), room.texts));
  }

  private async run(program: Program, given: Readonly<Record<string, Int32Array>>): Promise<Float32Array> {
    const read = this.written.model.decoder && { mask: this.mask };
    const { logits } = await program.run({ ...given, ...read });
    return (logits as TensorData).data as Float32Array;
  }

  async dispose(): Promise<void> {
    const programs = [this.rough, this.prompt?.program, this.reading, this.exact];
    await Promise.all(programs.map((program) => program?.dispose()));
  }
}

export function bytesOf({ tensors }: Written): number {
  return [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
}

/** With others behind them, which are not seen, and whose places are taken later. */
function filled(ids: readonly number[], size: number, other = 0): Int32Array {
  const all = new Int32Array(size).fill(other);
  all.set(ids);
  return all;
}
