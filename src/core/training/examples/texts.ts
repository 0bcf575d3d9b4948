import type { DataSummary, Split } from '../../../protocol/data';
import type { TextModel } from '../../models/text';
import { bucketOf, bucketsFor, padded, shiftedRight } from '../../text';
import type { Chunk } from '../chunks';
import type { Reads } from '../reads';
import type { Company, Examples, Given } from './examples';
import type { Sequence, Sequences } from './sequences';
import { shareOf, type Windows } from './windows';

/** Bytes that the weights of all compiled lengths may come to. */
const weightLimit = 352 * 2 ** 20;
/** A further length is worth its graphs where it saves as much in an epoch as so many batches of the longest take. */
const worthyBatches = 2;

export interface TextExamplesSpec {
  readonly summary: DataSummary;
  readonly classes: readonly string[];
  readonly sequences: Sequences;
  readonly model: TextModel;
  /** Bytes that another length takes for weights. */
  readonly formBytes: number;
  /** Token that fills up. */
  readonly padding: number;
  readonly maxLength: number;
  readonly batchSize: number;
}

/** Texts as batches of tokens, each filled up to one of a few lengths. */
export class TextExamples implements Examples {
  readonly summary: DataSummary;
  readonly classes: readonly string[];
  readonly forms: readonly Reads[];
  readonly views = 1;
  readonly windows: Windows | undefined;
  private readonly buckets: readonly number[];

  constructor(private readonly spec: TextExamplesSpec) {
    const { summary, classes, sequences, model } = spec;
    this.summary = summary;
    this.classes = classes;
    this.windows = sequences.windows;
    this.buckets = lengthsOfForms(sequences.lengths, { ...spec, count: sequences.count });
    this.forms = this.buckets.map((length) => readsTexts(model, length));
  }

  formOf(example: number): number {
    return this.buckets.indexOf(bucketOf(this.buckets, this.spec.sequences.lengths[example] as number));
  }

  members(split: Split): ArrayLike<number> {
    return this.spec.sequences.members(split);
  }

  labelOf(example: number): number {
    return this.spec.sequences.labelOf(example);
  }

  nameOf(example: number): string {
    return this.spec.sequences.nameOf(example);
  }

  async read(chunk: Chunk): Promise<Given> {
    const sequences = await this.sequences(chunk);
    const length = this.buckets[chunk.form] as number;
    const { padding } = this.spec;
    return { x: padded(sequences, sequences.length, length, padding).ids, unreadable: [], ...this.companyOf(chunk, sequences) };
  }

  async company(chunk: Chunk): Promise<Company> {
    return this.companyOf(chunk, await this.sequences(chunk));
  }

  forget(): void {} // tokens go beside stored features

  async close(): Promise<void> {
    await this.spec.sequences.close();
  }

  private sequences({ examples }: Chunk): Promise<Sequence[]> {
    return Promise.all(examples.map((example) => this.spec.sequences.read(example)));
  }

  private companyOf({ examples, form }: Chunk, sequences: readonly Sequence[]): Company {
    const { model, padding } = this.spec;
    const length = this.buckets[form] as number;
    const filled = (of: readonly Pick<Sequence, 'ids' | 'types'>[]) => padded(of, of.length, length, padding);
    const { ids, mask, types } = filled(sequences);
    const beside: Record<string, Int32Array> = {};
    if (model.input.beside.includes('mask')) beside.mask = mask;
    if (model.input.beside.includes('types')) beside.types = types;
    switch (model.kind) {
      case 'sequence-classification': {
        const labels = Int32Array.from(examples, (example) => this.labelOf(example));
        return { beside, labels, counts: Float32Array.from(examples, (example) => shareOf(this.windows, example)) };
      }
      case 'text-to-text': {
        const targets = sequences.map(({ target = [] }) => ({ ids: target }));
        const written = filled(targets.map(({ ids }) => ({ ids: shiftedRight(Array.from(ids), startOf(model)) })));
        beside.decoderIds = written.ids;
        beside.decoderMask = written.mask;
        const { ids: labels, mask: counts } = filled(targets);
        return { beside, ...told(labels, counts) };
      }
      case 'causal-lm':
      case 'masked-lm':
        return { beside, ...nextTokens(ids, mask, sequences, length) };
    }
  }
}

/** What a model of texts takes at a length, and is to tell: int32 [length] each. */
export function readsTexts(model: TextModel, length: number): Reads {
  const fed = { dtype: 'int32', shape: [length] } as const;
  return {
    x: fed,
    beside: Object.fromEntries(model.input.beside.map((name) => [name, fed])),
    labels: model.kind === 'sequence-classification' ? [] : [length],
  };
}

/** Where tokens are told: label 0 where nothing is asked, as a label must be one. */
function told(labels: Int32Array, counts: Int32Array): Pick<Company, 'labels' | 'counts'> {
  return { labels: labels.map((label, i) => (counts[i] === 0 ? 0 : label)), counts: Float32Array.from(counts) };
}

/** At each token, the one after it. ids, mask: [B, length] */
function nextTokens(ids: Int32Array, mask: Int32Array, sequences: readonly Sequence[], length: number): Pick<Company, 'labels' | 'counts'> {
  const labels = new Int32Array(ids.length);
  const counts = new Int32Array(ids.length);
  for (const [row, { learned }] of sequences.entries())
    for (let i = 0; i + 1 < length; i++) {
      const at = row * length + i;
      labels[at] = ids[at + 1] as number;
      counts[at] = mask[at + 1] === 1 && learned?.[i + 1] !== 0 ? 1 : 0;
    }
  return told(labels, counts);
}

/** The token that a decoder begins with (transformers' decoder_start_token_id; T5's is that of padding). */
export function startOf({ config, input }: TextModel): number {
  const { decoder_start_token_id: start } = config;
  return typeof start === 'number' ? start : input.padding;
}

export interface FormsSpec extends Pick<TextExamplesSpec, 'maxLength' | 'formBytes' | 'batchSize'> {
  /** Of all sequences. */
  readonly count: number;
}

/**
 * The lengths that batches are filled up to, ascending. Each has graphs of its own.
 * @param lengths of the sequences, or of some of them
 */
export function lengthsOfForms(lengths: ArrayLike<number>, { maxLength, formBytes, batchSize, count }: FormsSpec): number[] {
  const most = Math.max(1, Math.floor(weightLimit / formBytes));
  return bucketsFor(lengths, maxLength, { most, worth: (worthyBatches * batchSize * lengths.length) / count });
}
