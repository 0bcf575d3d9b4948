import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Split } from '../../protocol/data';
import type { RunConfig } from '../../protocol/runConfig';
import { prefetched } from '../data';
import type { NamedTensors, TensorData } from '../engine/engine';
import type { Network } from '../models/model';
import { type Chunk, type Chunks, chunksOf, epochOrder } from './chunks';
import type { Company, Examples } from './examples/examples';
import { FeatureStore } from './featureStore';
import { digestOf } from './frozen';
import { sizeOf } from './reads';
import { namesIn, type Stage } from './stage';

/** In the run folder, while features are more than the memory for them. */
export const spillFile = 'features.bin';
/** Bytes of features in memory; the rest goes to a file. */
export const memoryLimit = 256 * 2 ** 20;
const diskLimit = 16 * 2 ** 30;

/** Whether features of so many bytes are kept; every epoch computes them where that is too much. */
export function areKept(bytes: number): boolean {
  return bytes <= diskLimit;
}

/** Batches that are read ahead. */
const readAhead = 2;

export interface FeaturesSpec {
  readonly examples: Examples;
  readonly model: Network;
  readonly config: Pick<RunConfig, 'seed' | 'phases'>;
  readonly batchSize: number;
  readonly folder: string;
  /** In bytes; for tests. */
  readonly memoryLimit?: number;
  /** An example that cannot be decoded: it is left out from now on. Said once for each. */
  onUnreadable(name: string): void;
  /** After each chunk of examples that is computed ahead of its use; may throw to end it. */
  onChunk(done: number, total: number): Promise<void>;
}

export interface FeatureBatch extends Company {
  readonly chunk: Chunk;
  readonly form: number;
  /** [B, …featureShape] */
  readonly x: Float32Array | Int32Array;
}

/**
 * Brings examples to the learning layers: read, augmented, and through the frozen front of the model.
 *
 * Where the model has a frozen front, its output is kept for each example and view, and epoch e learns from view e mod V.
 * View v is always computed in the batches of epoch v (validation and test in their own order), also after a resume: so
 * the features, down to the last bit, depend on nothing but the configuration and the data.
 */
export class Features {
  readonly unreadable = new Set<number>();
  private store: FeatureStore | null = null;
  private kept = 0;

  constructor(private readonly spec: FeaturesSpec) {}

  /** Makes ready for a stage: features that its frozen front would give again are kept, others dropped. */
  async use(stage: Stage, tensors: NamedTensors): Promise<void> {
    const key = this.keyOf(stage, tensors);
    if (this.store?.key === key) return;
    await this.store?.dispose();
    const keeps = stage.hasFront && areKept(this.bytesOf(stage));
    this.kept = 0;
    this.store = keeps ? new FeatureStore(key, this.spec.memoryLimit ?? memoryLimit, join(this.spec.folder, spillFile)) : null;
  }

  /** The batches of an epoch (0 is the first), in their order. */
  chunksOfEpoch(epoch: number): Chunks {
    return this.chunks(epochOrder(this.spec.config.seed, epoch, this.spec.examples.members('train')));
  }

  /** The batches of an epoch (0 is the first) from batch `from` on. */
  async *training(stage: Stage, epoch: number, from: number): AsyncGenerator<FeatureBatch> {
    const { examples } = this.spec;
    const view = this.store ? epoch % examples.views : epoch;
    const chunks = this.chunksOfEpoch(epoch).from(from);
    if (view === epoch) {
      yield* this.computed(stage, chunks, view);
      return;
    }
    await this.fill(stage, this.chunksOfEpoch(view), view);
    examples.forget(); // every view is there by now, but for one that another front may want
    yield* this.stored(stage, chunks, view);
  }

  /** The batches of a split as it is, without augmentation. */
  async *plain(stage: Stage, split: Split): AsyncGenerator<FeatureBatch> {
    const chunks = this.chunks(this.spec.examples.members(split));
    if (!this.store) {
      yield* this.computed(stage, chunks, null);
      return;
    }
    await this.fill(stage, chunks, null);
    yield* this.stored(stage, chunks, null);
  }

  /** A split as the whole model takes it, without augmentation. */
  async *whole(split: Split): AsyncGenerator<FeatureBatch> {
    yield* this.read(this.chunks(this.spec.examples.members(split)), null);
  }

  async dispose(): Promise<void> {
    await this.store?.dispose();
    this.store = null;
    await this.spec.examples.close();
  }

  private chunks(order: ArrayLike<number>): Chunks {
    const { examples, batchSize } = this.spec;
    return chunksOf(order, batchSize, (example) => examples.formOf(example));
  }

  private async *read(chunks: Chunks, view: number | null): AsyncGenerator<FeatureBatch> {
    const { examples, onUnreadable } = this.spec;
    const again = !this.store || (view !== null && examples.views > 1);
    const one = async (chunk: Chunk): Promise<FeatureBatch> => {
      const { unreadable, ...batch } = await examples.read(chunk, view, again);
      for (const position of unreadable) {
        const example = chunk.examples[position] as number;
        if (this.unreadable.has(example)) continue;
        this.unreadable.add(example);
        onUnreadable(examples.nameOf(example));
      }
      return { chunk, form: chunk.form, ...batch };
    };
    yield* prefetched(chunks.length, (i) => one(chunks.at(i)), readAhead);
  }

  private async *computed(stage: Stage, chunks: Chunks, view: number | null): AsyncGenerator<FeatureBatch> {
    for await (const batch of this.read(chunks, view)) {
      const { chunk } = batch;
      // Padding has no say in what an example gives, but in training it is part of batch norms' statistics.
      const isSeen = view !== null && stage.selection.moving.size > 0;
      const x = await stage.features(batch, isSeen ? undefined : chunk.real);
      if (this.store) {
        await this.store.put(view ?? plainView, chunk.examples.slice(0, chunk.real), x as Float32Array, widthOf(stage, chunk.form));
        this.kept += chunk.real;
      }
      yield { ...batch, x };
    }
  }

  private async *stored(stage: Stage, chunks: Chunks, view: number | null): AsyncGenerator<FeatureBatch> {
    const { examples } = this.spec;
    const store = this.store as FeatureStore;
    const read = async (chunk: Chunk): Promise<FeatureBatch> => {
      const x = await store.read(view ?? plainView, chunk.examples, widthOf(stage, chunk.form));
      return { chunk, form: chunk.form, x, ...(await examples.company(chunk)) };
    };
    yield* prefetched(chunks.length, (i) => read(chunks.at(i)), readAhead);
  }

  /** Computes those of the chunks that are not there. */
  private async fill(stage: Stage, chunks: Chunks, view: number | null): Promise<void> {
    const store = this.store as FeatureStore;
    const missing = chunks.filter(({ examples, real }) => examples.slice(0, real).some((i) => !store.has(view ?? plainView, i)));
    for await (const _ of this.computed(stage, missing, view)) await this.spec.onChunk(this.kept, this.total());
  }

  /** Rows that are kept in all, once the views have been seen. */
  private total(): number {
    const { train, validation, test } = this.counts();
    return train * this.viewsKept + validation + test;
  }

  private get viewsKept(): number {
    const { config, examples } = this.spec;
    const epochs = config.phases.reduce((sum, phase) => sum + phase.epochs, 0);
    return Math.min(epochs, examples.views);
  }

  private counts() {
    const { examples } = this.spec;
    const count = (split: Split) => examples.members(split).length;
    return { train: count('train'), validation: count('validation'), test: count('test') };
  }

  private bytesOf(stage: Stage): number {
    const { examples } = this.spec;
    const widths = examples.forms.map((_, form) => widthOf(stage, form));
    const sum = (split: Split) => {
      const members = examples.members(split);
      let total = 0;
      for (let i = 0; i < members.length; i++) total += widths[examples.formOf(members[i] as number)] as number;
      return total;
    };
    return Float32Array.BYTES_PER_ELEMENT * (sum('train') * this.viewsKept + sum('validation') + sum('test'));
  }

  /** What features of this run depend on, views apart. */
  private keyOf(stage: Stage, tensors: NamedTensors): string {
    const { cut } = stage.selection;
    const hash = createHash('sha256').update(String(cut));
    for (const name of namesIn(this.spec.model.chain.slice(0, cut))) hash.update(name).update(digestOf(tensors.get(name) as TensorData));
    return hash.digest('hex');
  }
}

/** Under which examples without augmentation are kept. */
const plainView = -1;

/** Values of one example's features. */
function widthOf(stage: Stage, form: number): number {
  return sizeOf(stage.featureShape(form));
}
