import type { Tensor } from '@tensorflow/tfjs-core';
import { attention, linear, tf } from '../engine/ops';
import { Conv2d, forwardAll, Group, LayerNorm, Linear, Module, type Scope, type Scores, Sequential, type Shape, swapped } from '../nn';

const epsilon = 1e-6;
const initial = { kind: 'normal', deviation: 0.02 } as const;

export interface VisionTransformerSize {
  readonly features: number;
  readonly heads: number;
  readonly depth: number;
  /** Inner width of the layers after attention. */
  readonly hidden: number;
  /** Side of a patch, pixels. */
  readonly patch: number;
  /** Patches along a side. */
  readonly grid: number;
  /** With a second token and head that learned from a convolutional teacher (Touvron et al. 2020). */
  readonly distilled: boolean;
  /** Tokens after the first that learn, and that no head reads (Darcet et al. 2023). */
  readonly registers: number;
  readonly classes: number;
}

/** One tensor that stands alone in the tree, as timm has it: its name is its path. [1, length, features] */
class Token extends Module {
  readonly type = 'Parameter';

  constructor(
    private readonly length: number,
    private readonly features: number,
  ) {
    super();
    this.parameter('', [1, length, features], initial);
  }

  override nameOf(): string {
    return this.path;
  }

  override forward(): Tensor {
    throw new Error(`${this.path} is read by the embeddings`);
  }

  override outputShape(): Shape {
    return [this.length, this.features];
  }
}

/** Squares of the picture, each mapped to a vector. [N, 3, S, S] → [N, (S / patch)², D] */
class PatchEmbed extends Module {
  readonly type = 'PatchEmbed';
  private readonly proj: Conv2d;

  constructor({ features, patch }: VisionTransformerSize) {
    super();
    this.proj = this.child('proj', new Conv2d(3, features, patch, { stride: patch, padding: 0, bias: true }));
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    const maps = this.proj.forward(x, scope); // [N, D, h, w]
    const [n, features, height, width] = maps.shape as [number, number, number, number];
    return tf.transpose(tf.reshape(maps, [n, features, height * width]), [0, 2, 1]);
  }

  override outputShape(input: Shape): Shape {
    const [features, height, width] = this.proj.outputShape(input) as [number, number, number];
    return [height * width, features];
  }
}

/** The tokens before the patches, and a position added to each. It stands in the chain alone: its parts lie at the tree's root. */
class Embeddings extends Module {
  readonly type = 'Embeddings';

  constructor(
    private readonly first: readonly Token[],
    private readonly positions: Token,
    private readonly patches: PatchEmbed,
  ) {
    super();
    const [cls, ...others] = first;
    for (const part of [cls as Token, positions, ...others, patches]) this.children.push(['', part]);
  }

  /** [N, 3, S, S] → [N, T, D] */
  override forward(x: Tensor, scope: Scope): Tensor {
    const patches = this.patches.forward(x, scope);
    const [n, , features] = patches.shape as [number, number, number];
    const tokens = this.first.map((token) => tf.tile(scope.tensor(token.path), [n, 1, 1]) as tf.Tensor3D);
    const all = tf.concat([...tokens, patches as tf.Tensor3D], 1);
    return tf.add(all, tf.reshape(scope.tensor(this.positions.path), [1, all.shape[1], features]));
  }

  override outputShape(): Shape {
    return this.positions.outputShape();
  }

  override childInputs(input: Shape): Shape[] {
    return this.children.map(() => input);
  }
}

/** Normalised first, then attention, then two linear layers, each added to what came in (timm's `Block`). */
class Block extends Module {
  readonly type = 'Block';
  private readonly norm1: LayerNorm;
  private readonly qkv: Linear;
  private readonly proj: Linear;
  private readonly norm2: LayerNorm;
  private readonly mlp: readonly Linear[];

  constructor(private readonly size: VisionTransformerSize) {
    super();
    const { features, hidden } = size;
    this.qkv = new Linear(features, 3 * features, { initial });
    this.proj = new Linear(features, features, { initial });
    const fc1 = new Linear(features, hidden, { initial, activation: 'gelu' });
    const fc2 = new Linear(hidden, features, { initial });
    this.mlp = [fc1, fc2];
    this.norm1 = this.child('norm1', new LayerNorm(features, epsilon));
    this.child(
      'attn',
      new Group('Attention', { qkv: this.qkv, proj: this.proj }, { inputs: (input) => [input, input], output: (input) => input }),
    );
    this.norm2 = this.child('norm2', new LayerNorm(features, epsilon));
    this.child('mlp', new Group('Mlp', { fc1, fc2 }));
  }

  /** x: [N, T, D] → [N, T, D] */
  override forward(x: Tensor, scope: Scope): Tensor {
    return this.firstOf(x, x.shape[1] as number, scope);
  }

  /** The first `read` positions of it alone, at less cost. x: [N, T, D] → [N, read, D] */
  firstOf(x: Tensor, read: number, scope: Scope): Tensor {
    const all = swapped(x); // [T, N, D]
    const [length, n, features] = all.shape as [number, number, number];
    const { heads } = this.size;
    const normed = this.norm1.forward(all, scope);
    const first = <T extends Tensor>(y: T) => (read < length ? tf.slice(y, [0, 0, 0], [read, n, features]) : y);
    const [q, k, v] = this.heads(normed, first(normed), scope);
    const seen = attention(q, k, v, { heads, scale: 1 / Math.sqrt(features / heads) });
    const mixed = tf.add(first(all), this.proj.forward(seen, scope));
    return swapped(tf.add(mixed, forwardAll(this.mlp, this.norm2.forward(mixed, scope), scope)));
  }

  /** The weights are split rather than what they give: there is less of them, and frozen ones are split once. */
  private heads(x: Tensor, read: Tensor, scope: Scope): [Tensor, Tensor, Tensor] {
    if (this.qkv.children.length > 0) {
      const [q, k, v] = tf.split(this.qkv.forward(x, scope), 3, -1) as [Tensor, Tensor, Tensor];
      return [read === x ? q : tf.slice(q, [0, 0, 0], read.shape as [number, number, number]), k, v];
    }
    const weights = tf.split(scope.tensor(this.qkv.nameOf('weight')), 3, 0);
    const biases = tf.split(scope.tensor(this.qkv.nameOf('bias')), 3, 0);
    const part = (given: Tensor, i: number) => linear(given, weights[i] as Tensor, biases[i] as Tensor);
    return [part(read, 0), part(x, 1), part(x, 2)];
  }

  override outputShape(input: Shape): Shape {
    return input;
  }

  override scores([length = 0]: Shape): Scores {
    return { shape: [this.size.heads, length, length], areDropped: false };
  }
}

/** The last block, of which only the tokens that the heads read are computed. In the chain alone. [N, T, D] → [N, read, D] */
class LastBlock extends Module {
  readonly type = 'Block';

  constructor(
    private readonly block: Block,
    private readonly read: number,
  ) {
    super();
    this.children.push(['', block]);
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return this.block.firstOf(x, this.read, scope);
  }

  override outputShape([, features]: Shape): Shape {
    return [this.read, features as number];
  }
}

/** The class token: [N, 1, D] → [N, D] */
class FirstToken extends Module {
  readonly type = 'Class token';

  override forward(x: Tensor): Tensor {
    const [n, , features] = x.shape as [number, number, number];
    return tf.reshape(x, [n, features]);
  }

  override outputShape([, features]: Shape): Shape {
    return [features as number];
  }
}

/** The mean of what two heads say of two tokens: [N, 2, D] → [N, classes] */
class TwoHeads extends Module {
  readonly type = 'Heads';

  constructor(private readonly heads: readonly [Linear, Linear]) {
    super();
    for (const head of heads) this.children.push(['', head]);
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    const [n, , features] = x.shape as [number, number, number];
    const [a, b] = this.heads.map((head, i) => head.forward(tf.reshape(tf.slice(x, [0, i, 0], [n, 1, features]), [n, features]), scope));
    return tf.mul(tf.add(a as Tensor, b as Tensor), 0.5);
  }

  override outputShape([, features]: Shape): Shape {
    return this.heads[0].outputShape([features as number]);
  }

  override childInputs([, features]: Shape): Shape[] {
    return this.heads.map(() => [features as number]);
  }
}

/** Patches, and what stands before them. */
function tokensOf({ grid, distilled, registers }: VisionTransformerSize): number {
  return grid * grid + (distilled ? 2 : 1) + registers;
}

/** Patches and tokens through a row of blocks; the answer is read from the first token. Named as in timm. [N, 3, S, S] → [N, classes] */
export class VisionTransformer extends Module {
  readonly type = 'VisionTransformer';
  readonly chain: readonly Module[];
  readonly blocks: readonly Block[];

  constructor(private readonly size: VisionTransformerSize) {
    super();
    const { features, depth, distilled, registers, classes } = size;
    const read = distilled ? 2 : 1;
    const cls = this.child('cls_token', new Token(1, features));
    const first = [cls];
    if (registers > 0) first.push(this.child('reg_token', new Token(registers, features)));
    const positions = this.child('pos_embed', new Token(tokensOf(size), features));
    if (distilled) first.push(this.child('dist_token', new Token(1, features)));
    const patches = this.child('patch_embed', new PatchEmbed(size));
    this.blocks = Array.from({ length: depth }, () => new Block(size));
    this.child('blocks', new Sequential(this.blocks));
    const norm = this.child('norm', new LayerNorm(features, epsilon));
    const head = this.child('head', new Linear(features, classes, { initial }));
    const answer = distilled
      ? [new TwoHeads([head, this.child('head_dist', new Linear(features, classes, { initial }))])]
      : [new FirstToken(), head];
    const last = new LastBlock(this.blocks.at(-1) as Block, read);
    this.chain = [new Embeddings(first, positions, patches), ...this.blocks.slice(0, -1), last, norm, ...answer];
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return forwardAll(this.chain, x, scope);
  }

  override outputShape(): Shape {
    return [this.size.classes];
  }

  override childInputs(input: Shape): Shape[] {
    const { features } = this.size;
    const before = this.children.findIndex(([key]) => key === 'blocks');
    const hidden: Shape = [tokensOf(this.size), features];
    const inputs: Shape[] = [hidden, hidden, [features], [features]];
    return this.children.map((_, i) => (i < before ? input : (inputs[i - before] as Shape)));
  }
}
