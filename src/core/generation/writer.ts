import type { Tensor } from '@tensorflow/tfjs-core';
import type { Engine, NamedTensors, Program, TensorData, Tensors } from '../engine';
import { tf } from '../engine/ops';
import type { TextModel } from '../models/text';
import { forwardAll, type Past, type Scope } from '../nn';
import { emptyPast, forTexts, ReadingPast, type Room, StatePast } from './past';

export interface Written {
  readonly model: TextModel;
  /** Every tensor of the tree. */
  readonly tensors: NamedTensors;
}

/** Prompts up to so many tokens go through the step for single ones: it is there, and the other one takes time to build. */
const shortPrompt = 8;

/**
 * A model compiled for writing: a step for single tokens of N texts, one for the tokens of a prompt, both working on the
 * same past, and for models that read, one that reads. Only the logits of the last token come out.
 */
export class Writer {
  private place = 0;
  private prompt: { readonly size: number; readonly program: Program } | null = null;
  private reading: Program | null = null;
  /** 1 for each token of the text that is read, 0 for what fills it up: [1, R] */
  private mask = new Int32Array(0);

  private constructor(
    private readonly engine: Pick<Engine, 'compile'>,
    private readonly written: Written,
    readonly room: Room,
    private readonly token: Program,
  ) {}

  /** @throws ThawError see Engine.compile */
  static async compile(engine: Pick<Engine, 'compile'>, written: Written, room: Room): Promise<Writer> {
    const { model, tensors } = written;
    const { decoder } = model;
    const program = await engine.compile(
      ({ state, constants, inputs }) => {
        const past = new StatePast(state, room.length, inputs.from as Tensor, inputs.parents);
        const ids = inputs.ids as Tensor; // [N, 1]
        const beside = { decoderIds: ids, mask: inputs.mask };
        const chain = decoder ? model.chain.slice(decoder.from) : model.chain;
        const x = decoder ? tf.zeros([room.texts, 0, decoder.features]) : ids;
        const logits = forwardAll(chain, x, scopeOf(constants, past, beside)); // [N, 1, V]
        return { outputs: { logits: tf.reshape(logits, [room.texts, model.classes]) }, state: past.next };
      },
      {
        state: emptyPast(model, room),
        constants: tensors,
        inputs: {
          ids: { dtype: 'int32', shape: [room.texts, 1] },
          from: { dtype: 'int32', shape: [] },
          ...(room.texts > 1 && { parents: { dtype: 'int32', shape: [room.texts] } as const }),
          ...(decoder && { mask: { dtype: 'int32', shape: [1, room.read] } as const }),
        },
      },
    );
    return new Writer(engine, written, room, program);
  }

  /** Tokens that the texts have so far. */
  get length(): number {
    return this.place;
  }

  /**
   * Begins anew: a prompt to go on from, or for a model that reads, the text to be read.
   * @returns logits of the token that comes next, [V]
   */
  async begin(ids: readonly number[]): Promise<Float32Array> {
    this.place = 0;
    const { decoder, classes } = this.written.model;
    if (decoder) {
      await this.read(ids);
      return (await this.next(Array<number>(this.room.texts).fill(decoder.start))).subarray(0, classes);
    }
    return ids.length > shortPrompt ? this.chunks(ids) : this.oneByOne(ids);
  }

  /**
   * @param ids the token that each text goes on with
   * @param parents which of the texts it is that each goes on from; each from itself by default
   * @returns logits of what comes after it, [N · V]
   */
  async next(ids: readonly number[], parents: readonly number[] = ids.map((_, i) => i)): Promise<Float32Array> {
    const { logits } = await this.token.run({
      ids: Int32Array.from(ids),
      from: Int32Array.of(this.place++),
      ...(this.room.texts > 1 && { parents: Int32Array.from(parents) }),
      ...(this.written.model.decoder && { mask: this.mask }),
    });
    return (logits as TensorData).data as Float32Array;
  }

  private async oneByOne(ids: readonly number[]): Promise<Float32Array> {
    let logits = new Float32Array(0);
    for (const id of ids) logits = (await this.next(Array<number>(this.room.texts).fill(id))) as typeof logits;
    return logits.subarray(0, this.written.model.classes);
  }

  /** In pieces of one length; the last one begins earlier where it would go beyond the end, and computes some tokens again. */
  private async chunks(ids: readonly number[]): Promise<Float32Array> {
    const size = Math.min(this.room.length, ids.length <= 16 ? 16 : 64);
    const program = await this.promptProgram(size);
    let logits = new Float32Array(0);
    for (let at = 0; at < ids.length; at += size) {
      const from = Math.min(at, this.room.length - size);
      const count = Math.min(size, ids.length - from);
      const piece = new Int32Array(size); // what is behind the prompt is not seen, and overwritten later
      piece.set(ids.slice(from, from + count));
      const given = { ids: piece, from: Int32Array.of(from), last: Int32Array.of(count - 1) };
      logits = ((await program.run(given)).logits as TensorData).data as typeof logits;
    }
    this.place = ids.length;
    return logits;
  }

  private async promptProgram(size: number): Promise<Program> {
    if (this.prompt?.size === size) return this.prompt.program;
    await this.prompt?.program.dispose();
    const { model, tensors } = this.written;
    const inBlocks = model.chain.findIndex(({ path }) => path === model.blocks.at(-1)) + 1;
    const program = await this.engine.compile(
      ({ state, constants, inputs }) => {
        const past = new StatePast(state, this.room.length, inputs.from as Tensor);
        const scope = scopeOf(constants, past);
        const x = forwardAll(model.chain.slice(0, inBlocks), inputs.ids as Tensor, scope); // [1, S, D]
        const last = tf.gather(x, inputs.last as tf.Tensor1D, 1); // [1, 1, D]
        const logits = forwardAll(model.chain.slice(inBlocks), last, scope);
        return { outputs: { logits: tf.reshape(logits, [model.classes]) }, state: past.next };
      },
      {
        state: emptyPast(model, this.room),
        constants: tensors,
        inputs: { ids: { dtype: 'int32', shape: [1, size] }, from: { dtype: 'int32', shape: [] }, last: { dtype: 'int32', shape: [1] } },
        sharing: this.token,
      },
    );
    this.prompt = { size, program };
    return program;
  }

  /** Keys and values of a text, for all that is written. */
  private async read(ids: readonly number[]): Promise<void> {
    const { model, tensors } = this.written;
    const fed = { dtype: 'int32', shape: [1, this.room.read] } as const;
    this.reading ??= await this.engine.compile(
      ({ constants, inputs }) => {
        const past = new ReadingPast();
        const beside = { mask: inputs.mask, decoderIds: tf.zeros([1, 1], 'int32') };
        forwardAll(model.chain, inputs.ids as Tensor, scopeOf(constants, past, beside));
        return { outputs: past.made };
      },
      { state: new Map(), constants: tensors, inputs: { ids: fed, mask: fed } },
    );
    const padded = new Int32Array(this.room.read).fill(model.input.padding);
    padded.set(ids);
    this.mask = Int32Array.from(padded, (_, i) => (i < ids.length ? 1 : 0));
    const made = await this.reading.run({ ids: padded, mask: this.mask });
    this.token.write(forTexts(new Map(Object.entries(made)), this.room.texts));
  }

  async dispose(): Promise<void> {
    await Promise.all([this.token.dispose(), this.prompt?.program.dispose(), this.reading?.dispose()]);
  }
}

function scopeOf(constants: Tensors, past: Past, beside: Readonly<Record<string, Tensor | undefined>> = {}): Scope {
  return {
    tensor: (name) => constants[name] as Tensor,
    learns: () => false,
    training: false,
    beside: (name) => beside[name],
    past,
    update: () => undefined,
  };
}
