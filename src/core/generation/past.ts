import type { Tensor } from '@tensorflow/tfjs-core';
import type { NamedTensors, TensorData, Tensors } from '../engine';
import { putRows, tf } from '../engine/ops';
import type { TextModel } from '../models/text';
import { keptRows, type Past } from '../nn';

/** How much is kept. */
export interface Room {
  /** Texts that are written side by side: beams, N. */
  readonly texts: number;
  /** Tokens that each may have, T. */
  readonly length: number;
  /** Tokens of the text that is read, R; 0 where none is. */
  readonly read: number;
}

/** All that is kept of texts of which nothing is written: the state of a program. */
export function emptyPast(model: TextModel, { texts, length, read }: Room): Map<string, TensorData> {
  const zeros = (shape: readonly number[]): TensorData => ({
    dtype: 'float32',
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b)),
  });
  const rows = [...keptRows(model.root)];
  return new Map(rows.map(({ name, features, text }) => [name, zeros([text === 'read' ? read : length, texts, features])]));
}

/**
 * What a program knows of the tokens before those that it is given: its state, which it leaves with them.
 * Given one text where several are kept, it stands for all of them.
 */
export class StatePast implements Past {
  /** The state after this step. */
  readonly next: Record<string, Tensor> = {};

  /** @param parents which of the texts so far each of them goes on from, int32 [N]; each from itself where absent */
  constructor(
    private readonly state: Tensors,
    readonly length: number,
    readonly from: Tensor,
    private readonly parents?: Tensor,
  ) {}

  extended(name: string, rows: Tensor): Tensor {
    const before = this.of(name); // [T, N, D]
    const [length, texts, features] = before.shape as [number, number, number];
    const own = this.parents ? tf.gather(before, this.parents as tf.Tensor1D, 1) : before;
    const isOne = rows.shape[1] === 1 && texts > 1;
    const all = putRows(isOne ? tf.slice(own, [0, 0, 0], [length, 1, features]) : own, rows, this.from);
    this.next[name] = isOne ? tf.tile(all, [1, texts, 1]) : all;
    return all;
  }

  /** It was made when the text was read, and is the same for all that are written of it. */
  kept(name: string): Tensor {
    return this.of(name);
  }

  private of(name: string): Tensor {
    const tensor = this.state[name];
    if (!tensor) throw new Error(`nothing is kept as ${name}`);
    return tensor;
  }
}

/** While a text is read: nothing is written yet, and what is kept of it is noted. */
export class ReadingPast implements Past {
  readonly length = 1;
  readonly from = tf.scalar(0, 'int32');
  readonly made: Record<string, Tensor> = {};

  extended(_: string, rows: Tensor): Tensor {
    return rows;
  }

  kept(name: string, make: () => Tensor): Tensor {
    const tensor = make();
    this.made[name] = tensor;
    return tensor;
  }
}

/** What was made of one text, [R, 1, D], for so many: [R, N, D] each. */
export function forTexts(made: NamedTensors, texts: number): Map<string, TensorData> {
  return new Map([...made].map(([name, tensor]) => [name, texts === 1 ? tensor : repeated(tensor, texts)]));
}

function repeated({ dtype, shape, data }: TensorData, texts: number): TensorData {
  const [rows, , features] = shape as [number, number, number];
  const all = new Float32Array(rows * texts * features);
  for (let i = 0; i < rows * texts; i++) {
    const row = Math.floor(i / texts) * features;
    all.set(data.subarray(row, row + features), i * features);
  }
  return { dtype, shape: [rows, texts, features], data: all };
}
