import * as l10n from '@vscode/l10n';
import type { TensorData } from '../../engine/engine';
import type { ImageModel } from '../../models';
import { KerasModule, KerasNetwork, type Variable } from '../../models/keras';
import type { Shape } from '../../nn';
import { corrupt } from '../corrupt';
import type { StoredTensor } from './stored';

/** A tensor of our tree and where it comes from. */
export interface Match {
  readonly variable: Variable;
  /** Ours. */
  readonly shape: Shape;
  /** Of the classifier. */
  readonly isHead: boolean;
  /** Undefined where the file lacks it. */
  readonly stored: StoredTensor | undefined;
}

interface Wanted {
  /** Ours. */
  readonly name: string;
  /** Keras's names of the layer and of those around it. */
  readonly layers: readonly string[];
  readonly number: number;
  readonly variable: Variable;
  readonly shape: Shape;
}

/**
 * For each tensor of our tree, by our name, the file's. A file's name holds at least the layer's and the variable's; where
 * several do, the one that says most of the layers around, and nothing else.
 * @returns the matches, and what in the file is a variable of a layer which the model lacks.
 */
export function match(
  { root, head }: ImageModel,
  tensors: readonly StoredTensor[],
): { matches: Map<string, Match>; strangers: StoredTensor[] } {
  const wanted = [...variablesOf(root as KerasNetwork, [])];
  const keys = new Set(wanted.flatMap(({ variable: { key, alias } }) => [key, ...(alias ? [alias] : [])]));
  const byKey = new Map<string, { parts: string[]; stored: StoredTensor }[]>();
  for (const stored of tensors) {
    const parts = stored.name.replace(/:\d+$/, '').split('/');
    const own = parts.pop() as string;
    // TensorFlow.js counts tensors of one name.
    const key = keys.has(own) ? own : own.replace(/_\d+$/, '');
    byKey.set(key, [...(byKey.get(key) ?? []), { parts, stored }]);
  }
  const used = new Set<StoredTensor>();
  const matches = new Map<string, Match>();
  for (const { name, layers, number, variable, shape } of wanted) {
    const candidates = [variable.key, variable.alias ?? '', String(number)].flatMap((key) => byKey.get(key) ?? []);
    let best: { stored: StoredTensor; score: number } | undefined;
    for (const { parts, stored } of candidates) {
      if (used.has(stored)) continue;
      const score = likeness(parts, layers);
      if (score !== null && (!best || score > best.score)) best = { stored, score };
    }
    if (best) used.add(best.stored);
    matches.set(name, { variable, shape, isHead: name.startsWith(`${head}.`), stored: best?.stored });
  }
  const strangers = [...keys].flatMap((key) => byKey.get(key) ?? []).filter(({ stored }) => !used.has(stored));
  return { matches, strangers: strangers.map(({ stored }) => stored) };
}

/** How many layers' names are there, less what is there besides; null without the layer's own name. */
function likeness(parts: readonly string[], layers: readonly string[]): number | null {
  const text = `/${parts.join('/')}/`;
  const own = layers.at(-1) as string;
  if (!text.includes(`/${own}/`)) return null;
  const known = new Set(layers.flatMap((layer) => layer.split('/')));
  const said = layers.filter((layer) => text.includes(`/${layer}/`)).length;
  return said + (text.endsWith(`/${own}/`) ? 0.5 : 0) - 0.01 * parts.filter((part) => !known.has(part)).length;
}

function* variablesOf(network: KerasNetwork, around: readonly string[]): Generator<Wanted> {
  for (const [, child] of network.children) {
    if (!(child instanceof KerasModule)) continue;
    const layers = [...around, network.nameOfLayer(child)];
    if (child instanceof KerasNetwork) yield* variablesOf(child, layers);
    for (const [number, variable] of child.variables.entries()) {
      const own = child.tensors.find(({ key }) => key === variable.key);
      yield { name: child.nameOf(variable.key), layers, number, variable, shape: own?.shape ?? [] };
    }
  }
}

/**
 * The values of a tensor in our order. A head with one output, a sigmoid between two classes, becomes one with two: of
 * logits 0 and z, softmax makes what the sigmoid makes of z.
 * @throws ThawError `model.corrupt` where the file's shape is another.
 */
export async function valuesOf(found: Match & { stored: StoredTensor }, path: string): Promise<TensorData> {
  const { variable, shape, stored } = found;
  const { kerasShape, order } = variable;
  const doubled = isDoubled(found);
  const there = doubled ? [...kerasShape.slice(0, -1), 1] : kerasShape;
  if (stored.shape.join() !== there.join()) throw misshapen(stored, kerasShape, path);
  const read = await stored.read();
  if (doubled) {
    const data = new Float32Array(2 * read.length);
    data.set(read, read.length); // the second row of [2, in]
    return { dtype: 'float32', shape, data };
  }
  return { dtype: 'float32', shape, data: order === null ? read : permuted(read, there, order) };
}

/** @throws ThawError `model.corrupt` */
export function requireShape(found: Match & { stored: StoredTensor }, path: string): void {
  const { stored, variable } = found;
  if (stored.shape.join() !== variable.kerasShape.join() && !isDoubled(found)) throw misshapen(stored, variable.kerasShape, path);
}

function isDoubled({ isHead, stored, variable: { kerasShape } }: Match & { stored: StoredTensor }): boolean {
  return isHead && kerasShape.at(-1) === 2 && stored.shape.at(-1) === 1;
}

function misshapen(stored: StoredTensor, needed: Shape, path: string): Error {
  return corrupt(
    path,
    l10n.t('The tensor "{0}" is [{1}]; its layer needs [{2}].', stored.name, stored.shape.join(', '), needed.join(', ')),
  );
}

/** Axis i of the result is axis order[i] of what is there. */
function permuted(data: Float32Array, shape: Shape, order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const sides = order.map((axis) => shape[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const result = new Float32Array(data.length);
  const at = sides.map(() => 0);
  let from = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = data[from] as number;
    for (let axis = sides.length - 1; axis >= 0; axis--) {
      at[axis] = (at[axis] as number) + 1;
      from += steps[axis] as number;
      if ((at[axis] as number) < (sides[axis] as number)) break;
      from -= (steps[axis] as number) * (sides[axis] as number);
      at[axis] = 0;
    }
  }
  return result;
}
