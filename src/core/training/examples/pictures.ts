import type { DataSummary, Split } from '../../../protocol/data';
import type { RunConfig } from '../../../protocol/runConfig';
import { type Dataset, decodeBatch, membersOf, PictureCache, viewOf } from '../../data';
import type { ImageModel } from '../../models/model';
import type { Chunk } from '../chunks';
import { type Reads, readsPictures } from '../reads';
import type { Company, Examples, Given } from './examples';

/** Views of each training example that are kept where features are. */
export const keptViews: Record<RunConfig['augmentation'], number> = { none: 1, flip: 2, standard: 4 };
/** Bytes of decoded pictures in memory, while they are seen again. */
const pictureLimit = 64 * 2 ** 20;

/** Pictures of classes, decoded and augmented as they are asked for. */
export class PictureExamples implements Examples {
  readonly summary: DataSummary;
  readonly classes: readonly string[];
  readonly forms: readonly [Reads];
  readonly views: number;
  private readonly splits: Record<Split, Uint32Array>;
  private readonly pixels = new PictureCache(pictureLimit);

  constructor(
    private readonly dataset: Dataset,
    private readonly model: ImageModel,
    private readonly config: Pick<RunConfig, 'augmentation' | 'seed'>,
  ) {
    this.summary = dataset.summary;
    this.classes = dataset.classes;
    this.forms = [readsPictures(model)];
    this.views = keptViews[config.augmentation];
    this.splits = membersOf(dataset.examples.length, (i) => (dataset.examples[i] as Dataset['examples'][number]).split);
  }

  formOf(): number {
    return 0;
  }

  members(split: Split): ArrayLike<number> {
    return this.splits[split];
  }

  labelOf(example: number): number {
    return this.dataset.examples[example]?.label as number;
  }

  nameOf(example: number): string {
    return this.dataset.examples[example]?.path as string;
  }

  async read(chunk: Chunk, view: number | null, again: boolean): Promise<Given> {
    const { augmentation, seed } = this.config;
    const views = chunk.examples.map((i) => (view === null ? null : viewOf(augmentation, seed, view, this.nameOf(i))));
    const pixels = again ? this.pixels : undefined;
    const { images, unreadable } = await decodeBatch(this.dataset, [...chunk.examples], this.model.input, views, pixels);
    return { x: images, unreadable, ...this.companyOf(chunk) };
  }

  async company(chunk: Chunk): Promise<Company> {
    return this.companyOf(chunk);
  }

  forget(): void {
    this.pixels.clear();
  }

  async close(): Promise<void> {
    this.pixels.clear();
  }

  private companyOf({ examples }: Chunk): Company {
    const labels = Int32Array.from(examples, (example) => this.labelOf(example));
    return { beside: {}, labels, counts: new Float32Array(labels.length).fill(1) };
  }
}
