import type { ModelFacts } from '../../protocol/assistant';
import type { ImageTarget } from '../data/target';
import type { NamedTensors, TensorData } from '../engine/engine';
import type { Module } from '../nn/module';

/** What learns, whatever it reads. */
export interface Network {
  readonly root: Module;
  /** The root's forward pass, cut as finely as a chain allows: composing these in order gives the logits. */
  readonly chain: readonly Module[];
  /** Path of the classifier, replaced for new classes. */
  readonly head: string;
  /** All layers that give the answer, where they are several: DeiT's distilled networks have a second one. */
  readonly heads?: readonly string[];
  /** Paths of the blocks from input to output; preset "top" is the last two of them and what follows. */
  readonly blocks: readonly string[];
  /** Those of `drawn` that the checkpoint has nothing for: they begin from drawn values. */
  readonly fresh?: readonly string[];
  /**
   * Paths of layers between the blocks and the heads that belong to the kind of head: a checkpoint with another kind lacks them or
   * has taught them something else (BERT's pooler, next sentences).
   */
  readonly drawn?: readonly string[];
  /** Layers that act in training where the model comes from, as dropout does, and not here: their paths and types. */
  readonly silent?: readonly { readonly path: string; readonly type: string }[];
}

/** An image classifier: [batch, 3, size, size] → logits [batch, classes]. */
export interface ImageModel extends Network {
  /** timm's name: `tf_efficientnet_lite0`. */
  readonly architecture: string;
  /** For people: "EfficientNet-Lite0". */
  readonly title: string;
  readonly family: string;
  readonly input: ImageTarget;
  readonly classes: number;
  /** A tensor of a checkpoint for another size of pictures, made to fit this one's. */
  refit?(name: string, tensor: TensorData): TensorData;
  /** `config.json` as the family's users expect it (timm's layout), labels left out. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A model with its values, ready to learn. */
export interface LoadedModel {
  readonly model: ImageModel;
  /** Every parameter and statistic of the tree by full name; a new head already drawn. */
  readonly tensors: NamedTensors;
  readonly facts: ModelFacts;
  /** SHA-256 (hex) of the weights file, null for random ones. */
  readonly sha256: string | null;
  /** Labels, where the checkpoint has them. */
  readonly labels: readonly string[] | null;
  /** Names of the tensors that the checkpoint lacks. */
  readonly drawn: ReadonlySet<string>;
}

/** All layers that give the answer: replaced for new classes. */
export function headsOf({ head, heads }: Network): readonly string[] {
  return heads ?? [head];
}

export function isInHead(model: Network, name: string): boolean {
  return headsOf(model).some((head) => name.startsWith(`${head}.`));
}
