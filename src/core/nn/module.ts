import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerNode, TensorFacts } from '../../protocol/layers';

/** A shape without the batch: [channels, height, width] for feature maps, [features] for vectors. */
export type Shape = readonly number[];

/** First values of a parameter: drawn from the run's seed and the parameter's full name. */
export type Initial =
  | { kind: 'zeros' }
  | { kind: 'ones' }
  /** Normal, variance 2 / fan-out (He et al. 2015), fan-out = out channels × kernel / groups. */
  | { kind: 'heNormal'; fanOut: number }
  /** Uniform ±1/√fanIn: PyTorch's default for Linear. */
  | { kind: 'uniform'; bound: number }
  | { kind: 'normal'; deviation: number }
  | { kind: 'constant'; value: number };

/** What a forward pass may ask and say. Names are full dotted paths. */
export interface Scope {
  /** Value of a parameter or statistic. */
  tensor(name: string): Tensor;
  /** Whether the parameter learns: a batch norm none of whose parameters learns runs in inference mode. */
  learns(name: string): boolean;
  /** False for validation, test and prediction. */
  readonly training: boolean;
  /** What goes beside x to every layer that asks for it: `mask` [N, S], `types` [N, S]. Undefined where it is not given. */
  beside?(name: string): Tensor | undefined;
  /**
   * What the layer at that path multiplies a tensor of this shape by, in a step that learns: 0 for what drops. Absent where
   * nothing drops. See ./dropout.
   */
  dropout?(path: string, rate: number, shape: Shape): Tensor;
  /** Present while a text is written token by token: x is then what comes next, and layers ask for what was before. */
  readonly past?: Past;
  /** The new value of a statistic after this step. */
  update(name: string, value: Tensor): void;
}

/** What layers keep of a text while it is written, so that no token is computed twice. Rows are tokens. */
export interface Past {
  /** Place of the first token of x, counted from 0: int32 scalar. */
  readonly from: Tensor;
  /** Tokens that the text may have, T. */
  readonly length: number;
  /** Puts the rows of x behind those that came before: [S, N, D] → [T, N, D], of which those behind x's are not to be seen. */
  extended(name: string, rows: Tensor): Tensor;
  /** What is the same for all tokens (keys and values of the text that is read): made once, [R, N, D]. */
  kept(name: string, make: () => Tensor): Tensor;
}

/** What a layer keeps in a `Past`: a row of so many features for each token of the text that is written, or of the one that is read. */
interface KeptRows {
  readonly key: string;
  readonly features: number;
  readonly text: 'written' | 'read';
}

/** What a layer that attends computes beside its output. */
export interface Scores {
  /** For each head, how much which place looks at which: [heads, S, T] of an example. */
  readonly shape: Shape;
  /** Whether a step of training leaves some of them out. */
  readonly areDropped: boolean;
}

interface OwnTensor {
  readonly key: string;
  readonly shape: Shape;
  readonly statistic: boolean;
  readonly initial: Initial;
}

/**
 * A node of the module tree. Subclasses declare their own tensors with `parameter` and `statistic` and their parts with
 * `child`, in the order in which the checkpoint has them; a full name is the path of keys, joined by dots.
 */
export abstract class Module {
  /** For the layer tree: "Conv2d 1×1", "BatchNorm", "InvertedResidual". */
  abstract readonly type: string;
  /** Full dotted path; set when the tree is rooted. */
  path = '';
  readonly children: (readonly [key: string, module: Module])[] = [];
  readonly tensors: OwnTensor[] = [];
  /** Of a layer that drops a share of what it is given, in training. */
  readonly drops?: { rate: number };
  /** Parts without tensors which have no place in the layer tree: dropout inside a layer. */
  readonly unlisted: (readonly [key: string, module: Module])[] = [];
  readonly kept: KeptRows[] = [];
  /** Modules elsewhere in the tree whose tensors this one reads too: a table that the output layer shares with the input. */
  readonly borrowed: Module[] = [];

  protected child<M extends Module>(key: string, module: M): M {
    this.children.push([key, module]);
    return module;
  }
  /** A part of `unlisted`, which the module runs itself or whoever builds the chain puts there. */
  aside<M extends Module>(key: string, module: M): M {
    this.unlisted.push([key, module]);
    return module;
  }
  protected borrow<M extends Module>(module: M): M {
    this.borrowed.push(module);
    return module;
  }
  protected parameter(key: string, shape: Shape, initial: Initial): void {
    this.tensors.push({ key, shape, statistic: false, initial });
  }
  protected statistic(key: string, shape: Shape, initial: Initial): void {
    this.tensors.push({ key, shape, statistic: true, initial });
  }

  protected keeps(key: string, features: number, text: KeptRows['text'] = 'written'): void {
    this.kept.push({ key, features, text });
  }

  /** x: [batch, …input shape] → [batch, …outputShape(input shape)] */
  abstract forward(x: Tensor, scope: Scope): Tensor;
  abstract outputShape(input: Shape): Shape;
  /** The shapes that the children see, for the tree; by default each takes what the one before it gives. */
  childInputs(input: Shape): Shape[] {
    let shape = input;
    return this.children.map(([, child]) => {
      const given = shape;
      shape = child.outputShape(given);
      return given;
    });
  }

  /** Where places look at each other; null in most layers. What is kept of it grows with the square of their number. */
  scores(_input: Shape): Scores | null {
    return null;
  }

  /** Whether it gives other values in every step of training, though nothing of its own learns: what it gives is never kept. */
  get isNoisy(): boolean {
    return (this.drops?.rate ?? 0) > 0;
  }

  /** Full name of an own tensor. */
  nameOf(key: string): string {
    return this.path ? `${this.path}.${key}` : key;
  }
}

/** Sets the paths of a tree, once it is built. */
export function rooted<M extends Module>(module: M, path = ''): M {
  module.path = path;
  for (const [key, part] of [...module.children, ...module.unlisted]) rooted(part, path ? `${path}.${key}` : key);
  return module;
}

/** All tensors of a tree with their full names, in the order of the checkpoint. */
export function* tensorsOf(module: Module): Generator<OwnTensor & { name: string }> {
  for (const own of module.tensors) yield { ...own, name: module.nameOf(own.key) };
  for (const [, child] of module.children) yield* tensorsOf(child);
}

/** All that the modules of a tree keep while a text is written, with full names. */
export function* keptRows(module: Module): Generator<KeptRows & { name: string }> {
  for (const own of module.kept) yield { ...own, name: module.nameOf(own.key) };
  for (const [, child] of module.children) yield* keptRows(child);
}

/** Full names of all tensors that a forward pass of these modules asks for, each once: their own and those that they borrow. */
export function namesRead(modules: readonly Module[]): Set<string> {
  const names = new Set<string>();
  const visit = (module: Module) => {
    for (const { key } of module.tensors) names.add(module.nameOf(key));
    for (const other of module.borrowed) visit(other);
    for (const [, child] of module.children) visit(child);
  };
  modules.forEach(visit);
  return names;
}

/** The tree as the side bar and the tab show it, all frozen (`withRules` counts what learns). */
export function layerTree(module: Module, input: Shape): LayerNode {
  const inputs = module.childInputs(input);
  const children = module.children.map(([, child], i) => layerTree(child, inputs[i] as Shape));
  const tensors: TensorFacts[] = module.tensors.map((t) => ({ name: module.nameOf(t.key), shape: [...t.shape], statistic: t.statistic }));
  const own = module.tensors.reduce((sum, t) => sum + (t.statistic ? 0 : t.shape.reduce((a, b) => a * b, 1)), 0);
  return {
    name: module.path,
    type: module.type,
    outputShape: [...module.outputShape(input)],
    parameters: children.reduce((sum, child) => sum + child.parameters, own),
    trainable: 0,
    tensors,
    children,
  };
}
