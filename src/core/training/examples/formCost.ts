import type { Network } from '../../models/model';
import { Embedding, type Module } from '../../nn';
import { sizeOf } from '../reads';
import type { Selection } from '../selection';

/**
 * Bytes that another length of text takes for the weights of its graphs: frozen ones stand, packed, in the graph of the front,
 * or else in those that learn and that answer; of those that learn there are gradients. Tables whose rows are looked up are
 * in memory once (see engine/onnx/tables), and count only where they are an output layer, too.
 * @param selections of all phases; without any the whole model answers
 */
export function bytesOfForm({ chain }: Pick<Network, 'chain'>, selections: readonly Pick<Selection, 'cut' | 'learning'>[]): number {
  const costs = selections.map(({ cut, learning }) => {
    const [front, tail] = [packed(chain.slice(0, cut)), packed(chain.slice(cut))];
    const frozen = sum(tail, (name) => !learning.has(name));
    return sum(front) + 2 * frozen + sum(everyTensor(chain.slice(cut)), (name) => learning.has(name));
  });
  return Float32Array.BYTES_PER_ELEMENT * Math.max(...(costs.length > 0 ? costs : [sum(packed(chain))]));
}

type Sizes = ReadonlyMap<string, number>;

function sum(sizes: Sizes, isCounted: (name: string) => boolean = () => true): number {
  let total = 0;
  for (const [name, size] of sizes) if (isCounted(name)) total += size;
  return total;
}

/** Elements of what products and norms take: tables alone are left out, unless another module borrows them. */
function packed(modules: readonly Module[]): Sizes {
  return sizesOf(modules, (module) => !(module instanceof Embedding));
}

function everyTensor(modules: readonly Module[]): Sizes {
  return sizesOf(modules, () => true);
}

function sizesOf(modules: readonly Module[], isCounted: (module: Module) => boolean): Sizes {
  const sizes = new Map<string, number>();
  const visit = (module: Module, isBorrowed: boolean) => {
    if (isBorrowed || isCounted(module)) for (const { key, shape } of module.tensors) sizes.set(module.nameOf(key), sizeOf(shape));
    for (const other of module.borrowed) visit(other, true);
    for (const [, child] of module.children) visit(child, isBorrowed);
  };
  for (const module of modules) visit(module, false);
  return sizes;
}
