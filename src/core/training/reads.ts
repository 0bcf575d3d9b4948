import type { ProgramSpec } from '../engine/engine';
import type { ImageModel } from '../models/model';
import type { Shape } from '../nn';
import { besideName } from './steps';

/** What a model takes for one example, and what it is to answer: the batch is not in these shapes. */
export interface Reads {
  readonly x: Fed;
  /** By name: a text's mask and types (see Scope.beside). */
  readonly beside: Readonly<Record<string, Fed>>;
  /** Of the labels: [] for a class, [T] for tokens. */
  readonly labels: Shape;
}
export type Fed = ProgramSpec['inputs'][string];

/** [B, …] by name, for the whole model. */
export type Beside = Readonly<Record<string, Float32Array | Int32Array>>;

/** [3, S, S] */
export function imageShape(model: ImageModel): Shape {
  return [3, model.input.size, model.input.size];
}

/** What an image classifier takes. */
export function readsPictures(model: ImageModel): Reads {
  return { x: { dtype: 'float32', shape: imageShape(model) }, beside: {}, labels: [] };
}

/** Elements of a shape. */
export const sizeOf = (shape: Shape) => shape.reduce((a, b) => a * b, 1);

/** For a batch of it. */
export function batched({ dtype, shape }: Fed, batchSize: number): Fed {
  return { dtype, shape: [batchSize, ...shape] };
}

/** What goes beside x, as a program's inputs. */
export function besideInputs({ beside }: Reads, batchSize: number): Record<string, Fed> {
  return Object.fromEntries(Object.entries(beside).map(([name, fed]) => [besideName(name), batched(fed, batchSize)]));
}

/** The values of these. */
export function besideFeeds(beside: Beside): Record<string, Float32Array | Int32Array> {
  return Object.fromEntries(Object.entries(beside).map(([name, data]) => [besideName(name), data]));
}

/** Some rows; zeros after the last. */
export function rowsOf(data: Float32Array | Int32Array, from: number, count: number, width: number): Float32Array | Int32Array {
  const rows = data.subarray(from * width, (from + count) * width);
  if (rows.length === count * width) return rows;
  const whole = new (data.constructor as Float32ArrayConstructor | Int32ArrayConstructor)(count * width);
  whole.set(rows);
  return whole;
}
