import type { Tensor } from '@tensorflow/tfjs-core';
import type { Engine, NamedTensors, Program, Tensors } from '../engine';
import { tf } from '../engine/ops';
import type { TextModel } from '../models/text';
import { forwardAll, type Past, type Scope } from '../nn';
import { emptyPast, ReadingPast, type Room, StatePast } from './past';

export type Compiler = Pick<Engine, 'compile'>;

export interface Written {
  readonly model: TextModel;
  /** Every tensor of the tree. */
  readonly tensors: NamedTensors;
}

/** What a program goes on with: so many tokens of so many texts at once. */
export interface Piece {
  readonly tokens: number;
  readonly texts: number;
  /** Logits of each token, or of the one at the input `last` alone. */
  readonly logits: 'all' | 'last';
  /** The program whose past it goes on from. */
  readonly sharing?: Program;
  /** For guesses: see ProgramSpec. */
  readonly rough?: boolean;
}

/**
 * A step that puts tokens behind those that texts have. Inputs: `ids` [N, S], `from`: the first one's place, `last` [1],
 * with several texts `parents` [N], and `mask` [1, R] of the text that is read.
 * @returns a program that gives `logits`: [N · S, V], or [N, V] of the last
 */
export function compilePiece(engine: Compiler, { model, tensors }: Written, room: Room, piece: Piece): Promise<Program> {
  const { decoder, classes } = model;
  const { tokens, texts, sharing, rough } = piece;
  const chain = decoder ? model.chain.slice(decoder.from) : model.chain;
  const toLast = chain.findIndex(({ path }) => path === model.blocks.at(-1)) + 1;
  const one = (shape: readonly number[]) => ({ dtype: 'int32' as const, shape });
  return engine.compile(
    ({ state, constants, inputs }) => {
      const past = new StatePast(state, room.length, inputs.from as Tensor, inputs.parents);
      const ids = inputs.ids as Tensor;
      const scope = scopeOf(constants, past, { decoderIds: ids, mask: inputs.mask });
      const x = forwardAll(chain.slice(0, toLast), decoder ? tf.zeros([texts, 0, decoder.features]) : ids, scope); // [N, S, D]
      const read = piece.logits === 'last' ? tf.gather(x, inputs.last as tf.Tensor1D, 1) : x;
      const logits = forwardAll(chain.slice(toLast), read, scope);
      return { outputs: { logits: tf.reshape(logits, [-1, classes]) }, state: past.next };
    },
    {
      state: emptyPast(model, room),
      constants: tensors,
      inputs: {
        ids: one([texts, tokens]),
        from: one([]),
        ...(piece.logits === 'last' && { last: one([1]) }),
        ...(texts > 1 && { parents: one([texts]) }),
        ...(decoder && { mask: one([1, room.read]) }),
      },
      ...(sharing && { sharing }),
      ...(rough && { rough }),
    },
  );
}

/** A step that reads a text, `ids` and `mask` [1, R], and gives what is kept of it: [R, 1, D] each, by name. */
export function compileReading(engine: Compiler, { model, tensors }: Written, { read }: Room): Promise<Program> {
  const fed = { dtype: 'int32', shape: [1, read] } as const;
  return engine.compile(
    ({ constants, inputs }) => {
      const past = new ReadingPast();
      const beside = { mask: inputs.mask, decoderIds: tf.zeros([1, 1], 'int32') };
      forwardAll(model.chain, inputs.ids as Tensor, scopeOf(constants, past, beside));
      return { outputs: past.made };
    },
    { state: new Map(), constants: tensors, inputs: { ids: fed, mask: fed } },
  );
}

function scopeOf(constants: Tensors, past: Past, beside: Readonly<Record<string, Tensor | undefined>>): Scope {
  return {
    tensor: (name) => constants[name] as Tensor,
    learns: () => false,
    training: false,
    beside: (name) => beside[name],
    past,
    update: () => undefined,
  };
}
