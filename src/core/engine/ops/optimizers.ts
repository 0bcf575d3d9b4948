import type { Tensors } from '../engine';
import * as tf from '../tf';

/** Tensors up to this size are updated together, as one vector; larger ones one by one, which keeps them in the cache. */
export const togetherUpTo = 65536;

interface AdamW {
  readonly parameters: Tensors;
  readonly gradients: Tensors;
  /** First and second moments, by the parameters' names. */
  readonly m: Tensors;
  readonly v: Tensors;
  /** Names of the parameters that decay. */
  readonly decayed: ReadonlySet<string>;
}

/**
 * Decoupled weight decay (Loshchilov & Hutter 2019), in PyTorch's form:
 * p ← p·(1 − lr·wd) − lr / correction1 · m / (√v / √correction2 + ε); the corrections are 1 − β₁ᵗ and 1 − β₂ᵗ. The quotient is
 * extended by √correction2, which saves a pass over √v.
 */
export function adamW(
  { parameters, gradients, m, v, decayed }: AdamW,
  rates: {
    readonly learningRate: tf.Tensor;
    readonly correction1: tf.Tensor;
    readonly correction2: tf.Tensor;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly weightDecay: number;
  },
): { parameters: Tensors; m: Tensors; v: Tensors } {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = rates;
  const root2 = tf.sqrt(rates.correction2);
  const stepSize = tf.div(tf.mul(learningRate, root2), rates.correction1);
  const floor = tf.mul(root2, epsilon);
  const kept = tf.sub(1, tf.mul(learningRate, weightDecay));
  const updated = together(decayed, { p: parameters, g: gradients, m, v }, ({ p, g, m, v }, decays) => {
    const first = tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1));
    const second = tf.add(tf.mul(v, beta2), tf.mul(tf.mul(g, g), 1 - beta2));
    const change = tf.div(first, tf.add(tf.sqrt(second), floor));
    return { p: tf.sub(decays ? tf.mul(p, kept) : p, tf.mul(change, stepSize)), m: first, v: second };
  });
  return { parameters: updated.p, m: updated.m, v: updated.v };
}

/** SGD with momentum and coupled weight decay, in PyTorch's form: b ← μ·b + g + wd·p; p ← p − lr·b. */
export function sgd(
  given: { parameters: Tensors; gradients: Tensors; momentum: Tensors; decayed: ReadonlySet<string> },
  rates: { readonly learningRate: tf.Tensor; readonly momentum: number; readonly weightDecay: number },
): { parameters: Tensors; momentum: Tensors } {
  const tensors = { p: given.parameters, g: given.gradients, b: given.momentum };
  const updated = together(given.decayed, tensors, ({ p, g, b }, decays) => {
    const pull = decays && rates.weightDecay !== 0 ? tf.add(g, tf.mul(p, rates.weightDecay)) : g;
    const velocity = tf.add(tf.mul(b, rates.momentum), pull);
    return { p: tf.sub(p, tf.mul(velocity, rates.learningRate)), b: velocity };
  });
  return { parameters: updated.p, momentum: updated.b };
}

/**
 * An elementwise update of tensors of several kinds (parameter, gradient, slots), small ones joined: hundreds of chains of
 * operations on a few numbers each would cost more than the sums.
 */
function together<Kinds extends string, Results extends Kinds>(
  decayed: ReadonlySet<string>,
  tensors: Record<Kinds, Tensors>,
  update: (tensors: Record<Kinds, tf.Tensor>, decays: boolean) => Record<Results, tf.Tensor>,
): Record<Results, Tensors> {
  const kinds = Object.keys(tensors) as Kinds[];
  const of = (kind: Kinds, name: string) => tensors[kind][name] as tf.Tensor;
  const names = Object.keys(tensors[kinds[0] as Kinds]);
  const sizeOf = (name: string) => of(kinds[0] as Kinds, name).size;
  const small = names.filter((name) => sizeOf(name) <= togetherUpTo);
  const groups = [
    ...[true, false].map((decays) => small.filter((name) => decayed.has(name) === decays)),
    ...names.filter((name) => sizeOf(name) > togetherUpTo).map((name) => [name]),
  ].filter((group) => group.length > 0);

  const results: Partial<Record<Results, Record<string, tf.Tensor>>> = {};
  for (const group of groups) {
    // flat even when alone: onnxruntime goes element by element where a scalar meets dimensions of 1 at the end of a shape
    const flat = (kind: Kinds) => {
      const rows = group.map((name) => tf.reshape(of(kind, name), [-1]) as tf.Tensor1D);
      return rows.length === 1 ? (rows[0] as tf.Tensor1D) : tf.concat1d(rows);
    };
    const joined = Object.fromEntries(kinds.map((kind) => [kind, flat(kind)])) as Record<Kinds, tf.Tensor>;
    const updated = update(joined, decayed.has(group[0] as string));
    for (const [kind, tensor] of Object.entries(updated) as [Results, tf.Tensor][]) {
      const parts = group.length === 1 ? [tensor] : tf.split(tensor, group.map(sizeOf));
      group.forEach((name, i) => {
        results[kind] = { ...results[kind], [name]: tf.reshape(parts[i] as tf.Tensor, of(kind, name).shape) };
      });
    }
  }
  return results as Record<Results, Tensors>;
}
