import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Split } from '../../protocol/data';
import type { RunConfig } from '../../protocol/runConfig';
import { type Dataset, decodeBatch, PictureCache, prefetched, viewOf } from '../data';
import type { NamedTensors, TensorData } from '../engine/engine';
import type { ImageModel } from '../models/model';
import { type Chunk, chunksOf, epochOrder } from './chunks';
import { FeatureStore } from './featureStore';
import { digestOf } from './frozen';
import { namesIn, type Stage } from './stage';

/** In the run folder, while features are more than the memory for them. */
export const spillFile = 'features.bin';
/** Views of each training example that are kept where features are. */
export const keptViews: Record<RunConfig['augmentation'], number> = { none: 1, flip: 2, standard: 4 };
/** Bytes of features in memory; the rest goes to a file. */
export const memoryLimit = 256 * 2 ** 20;
/** Bytes of decoded pictures in memory, while they are seen again. */
const pictureLimit = 64 * 2 ** 20;
const diskLimit = 16 * 2 ** 30;

/** What so many features would take; null where it is too much to keep them, and every epoch computes them. */
export function keptBytes(rows: number, bytesOfOne: number): number | null {
  const bytes = rows * bytesOfOne;
  return bytes <= diskLimit ? bytes : null;
}

/** Batches that are decoded ahead. */
const decodedAhead = 2;

export interface FeaturesSpec {
  readonly dataset: Dataset;
  readonly model: ImageModel;
  readonly config: RunConfig;
  readonly batchSize: number;
  readonly folder: string;
  /** In bytes; for tests. */
  readonly memoryLimit?: number;
  /** An example that cannot be decoded: it is left out from now on. Said once for each. */
  onUnreadable(path: string): void;
  /** After each chunk of examples that is computed ahead of its use; may throw to end it. */
  onChunk(done: number, total: number): Promise<void>;
}

export interface FeatureBatch {
  readonly chunk: Chunk;
  /** [B, …featureShape] */
  readonly x: Float32Array;
}

/**
 * Brings examples to the learning layers: decoded, augmented, and through the frozen front of the model.
 *
 * Where the model has a frozen front, its output is kept for each example and view, and epoch e learns from view e mod V.
 * View v is always computed in the batches of epoch v (validation and test in their own order), also after a resume: so
 * the features, down to the last bit, depend on nothing but the configuration and the data.
 */
export class Features {
  readonly unreadable = new Set<number>();
  private readonly splits: Record<Split, number[]> = { train: [], validation: [], test: [] };
  private readonly pixels = new PictureCache(pictureLimit);
  private store: FeatureStore | null = null;
  private kept = 0;

  constructor(private readonly spec: FeaturesSpec) {
    for (const [i, { split }] of spec.dataset.examples.entries()) this.splits[split].push(i);
  }

  /** Indices of a split's examples in the data set, in its order. */
  examplesOf(split: Split): readonly number[] {
    return this.splits[split];
  }

  /** Makes ready for a stage: features that its frozen front would give again are kept, others dropped. */
  async use(stage: Stage, tensors: NamedTensors): Promise<void> {
    const key = this.keyOf(stage, tensors);
    if (this.store?.key === key) return;
    await this.store?.dispose();
    const width = stage.featureShape.reduce((a, b) => a * b, 1);
    const keeps = stage.hasFront && keptBytes(this.total(), width * Float32Array.BYTES_PER_ELEMENT) !== null;
    this.kept = 0;
    const spill = join(this.spec.folder, spillFile);
    this.store = keeps ? new FeatureStore(key, width, this.spec.memoryLimit ?? memoryLimit, spill) : null;
  }

  /** The batches of an epoch (0 is the first) from batch `from` on. */
  async *training(stage: Stage, epoch: number, from: number): AsyncGenerator<FeatureBatch> {
    const { seed, augmentation } = this.spec.config;
    const view = this.store ? epoch % keptViews[augmentation] : epoch;
    const order = epochOrder(seed, epoch, this.splits.train);
    const chunks = chunksOf(order, this.spec.batchSize).slice(from);
    if (view === epoch) {
      yield* this.computed(stage, chunks, view);
      return;
    }
    const viewChunks = chunksOf(epochOrder(seed, view, this.splits.train), this.spec.batchSize);
    await this.fill(stage, viewChunks, view);
    this.pixels.clear(); // every view is there by now, but for one that another front may want
    yield* this.stored(chunks, view);
  }

  /** The batches of a split as it is, without augmentation. */
  async *plain(stage: Stage, split: Split): AsyncGenerator<FeatureBatch> {
    const chunks = chunksOf(this.splits[split], this.spec.batchSize);
    if (!this.store) {
      yield* this.computed(stage, chunks, null);
      return;
    }
    await this.fill(stage, chunks, null);
    yield* this.stored(chunks, null);
  }

  /** Batches of pictures of a split, without augmentation. */
  async *pictures(split: Split): AsyncGenerator<FeatureBatch> {
    yield* this.decoded(chunksOf(this.splits[split], this.spec.batchSize), null);
  }

  async dispose(): Promise<void> {
    await this.store?.dispose();
    this.store = null;
    this.pixels.clear();
  }

  private async *decoded(chunks: readonly Chunk[], view: number | null): AsyncGenerator<FeatureBatch> {
    const { dataset, model, config, onUnreadable } = this.spec;
    const again = !this.store || (view !== null && keptViews[config.augmentation] > 1);
    const decode = async (chunk: Chunk): Promise<FeatureBatch> => {
      const views = chunk.examples.map((i) =>
        view === null ? null : viewOf(config.augmentation, config.seed, view, dataset.examples[i]?.path as string),
      );
      const { images, unreadable } = await decodeBatch(dataset, [...chunk.examples], model.input, views, again ? this.pixels : undefined);
      for (const position of unreadable) {
        const example = chunk.examples[position] as number;
        if (this.unreadable.has(example)) continue;
        this.unreadable.add(example);
        onUnreadable(dataset.examples[example]?.path as string);
      }
      return { chunk, x: images };
    };
    yield* prefetched(chunks.length, (i) => decode(chunks[i] as Chunk), decodedAhead);
  }

  private async *computed(stage: Stage, chunks: readonly Chunk[], view: number | null): AsyncGenerator<FeatureBatch> {
    for await (const { chunk, x: images } of this.decoded(chunks, view)) {
      // Padding has no say in what a plain example gives; in training it is part of the batch norms' statistics.
      const x = await stage.features(images, view === null ? chunk.real : undefined);
      if (this.store) {
        await this.store.put(view ?? plainView, chunk.examples.slice(0, chunk.real), x);
        this.kept += chunk.real;
      }
      yield { chunk, x };
    }
  }

  private async *stored(chunks: readonly Chunk[], view: number | null): AsyncGenerator<FeatureBatch> {
    const store = this.store as FeatureStore;
    const read = async (chunk: Chunk) => ({ chunk, x: await store.read(view ?? plainView, chunk.examples) });
    yield* prefetched(chunks.length, (i) => read(chunks[i] as Chunk), decodedAhead);
  }

  /** Computes those of the chunks that are not there. */
  private async fill(stage: Stage, chunks: readonly Chunk[], view: number | null): Promise<void> {
    const store = this.store as FeatureStore;
    const missing = chunks.filter(({ examples, real }) => examples.slice(0, real).some((i) => !store.has(view ?? plainView, i)));
    for await (const _ of this.computed(stage, missing, view)) await this.spec.onChunk(this.kept, this.total());
  }

  /** Rows that are kept in all, once the views have been seen. */
  private total(): number {
    const { train, validation, test } = this.splits;
    const { config } = this.spec;
    const epochs = config.phases.reduce((sum, phase) => sum + phase.epochs, 0);
    return train.length * Math.min(epochs, keptViews[config.augmentation]) + validation.length + test.length;
  }

  /** What features depend on, views apart. */
  private keyOf(stage: Stage, tensors: NamedTensors): string {
    const { dataset, model, batchSize } = this.spec;
    const hash = createHash('sha256').update(
      JSON.stringify([model.config, model.input, batchSize, dataset.summary.fingerprint, stage.selection.cut]),
    );
    for (const name of namesIn(model.chain.slice(0, stage.selection.cut))) {
      hash.update(name).update(digestOf(tensors.get(name) as TensorData));
    }
    return hash.digest('hex');
  }
}

/** Under which examples without augmentation are kept. */
const plainView = -1;
