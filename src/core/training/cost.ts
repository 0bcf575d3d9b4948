import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import type { Cost } from '../../protocol/assistant';
import type { Split, TextTask } from '../../protocol/data';
import type { RunConfig } from '../../protocol/runConfig';
import { decodePicture } from '../data';
import type { TextDataset } from '../data/text';
import { type ImageModel, type Network, setDropout } from '../models';
import { bucketOf, type TextTokenizer } from '../text';
import { describeAdapted, describeForTask, describeModel } from '../weights';
import { bytesOfForm } from './examples/formCost';
import { keptViews } from './examples/pictures';
import { type SampledLengths, type SamplingOptions, sampledLengths } from './examples/sampledLengths';
import { lengthsOfForms, readsTexts } from './examples/texts';
import { areKept, memoryLimit } from './features';
import { memoryOf } from './memory';
import { probeOf } from './probe';
import { type Reads, readsPictures } from './reads';
import { select } from './selection';
import { slotKinds } from './slots';
import { lengthFor } from './subject/texts';

/** Texts, and what makes a model's tokens of them. */
export interface TextsRead {
  readonly dataset: TextDataset;
  readonly tokenizer: TextTokenizer;
}

export interface CostOptions {
  /** Examples to train on. */
  readonly examples: number;
  readonly classes: number;
  /** Texts that the examples are, where they can be read. */
  readonly texts?: TextsRead;
  readonly modelsFolder: string;
  readonly runsFolder?: string;
}

let decoding: Promise<number> | null = null;

/** Tokens of a text of which nothing is known: most are shorter. */
const usualTokens = 128;

/**
 * What a run would cost on this machine: every phase is compiled and timed for a batch or two of made-up examples (the
 * model's weights are not read), and the sums are done with the counts. It takes a second or two the first time for each
 * model, batch size and set of learning layers. Memory is reckoned from the model's shapes. Texts are as long as some of them
 * are, and without them `usualTokens` each; a step is taken to cost as much as it has tokens.
 * @throws ThawError `config.invalid`, `model.*`, `engine.*`.
 */
export async function estimateCost(config: RunConfig, options: CostOptions): Promise<Cost> {
  const { model, forms, shares, typical, perExample, views, reading } = await expected(config, options);
  const examples = options.examples * perExample;
  const batchSize = Math.max(1, Math.min(config.batchSize, Math.ceil(examples)));
  const { validationSplit, testSplit } = config.data;
  const held = (split: Split, share: number) =>
    perExample *
    (options.texts?.dataset.members(split).length ?? (options.examples * share) / Math.max(0.1, 1 - validationSplit - testSplit));
  const [validation, test] = [held('validation', validationSplit), held('test', testSplit)];
  // In batches of the typical form.
  const batches = (count: number) =>
    shares.reduce((sum, { share, times }) => sum + Math.ceil((count * share) / batchSize - rounding) * times, 0);

  let totalSeconds = 0;
  let memoryBytes = 0;
  const epochs = config.phases.reduce((sum, phase) => sum + phase.epochs, 0);
  for (const phase of config.phases) {
    const probe = await probeOf(config, phase, { model, reads: typical, classes: options.classes, batchSize });
    const keptOf = Math.min(phase.epochs, views);
    const bytes = (examples * keptOf + validation + test) * probe.featureBytes;
    const isKept = probe.hasFront && areKept(bytes);
    // Reading goes on beside computing, but on the same cores.
    const seen = (count: number) => count * reading + batches(count) * probe.front;
    const passes = isKept ? { train: keptOf, validation: 1 } : { train: phase.epochs, validation: phase.epochs };
    totalSeconds += passes.train * seen(examples) + passes.validation * seen(validation);
    totalSeconds += phase.epochs * (batches(examples) * probe.step + batches(validation) * probe.answer);
    totalSeconds += forms.length * probe.compiling;
    if (phase === config.phases.at(-1)) totalSeconds += seen(test) + batches(test) * probe.answer;
    const slotsEach = slotKinds(config.optimizer).length + (config.gradientAccumulation > 1 ? 1 : 0);
    const needed = memoryOf({ model, forms, selection: select(model, phase.rules), slotsEach, batchSize });
    memoryBytes = Math.max(memoryBytes, needed + (isKept ? Math.min(bytes, memoryLimit) : 0));
  }
  return { secondsPerEpoch: totalSeconds / epochs, totalSeconds, memoryBytes };
}

/** A share of examples that are a few batches exactly makes no further one. */
const rounding = 1e-9;

/** What a run would read. */
interface Expected {
  readonly model: Network;
  /** The shapes that its batches would have, the largest last. */
  readonly forms: readonly Reads[];
  /** What share of the examples has each of them, and how many times what the typical one costs a batch of it costs. */
  readonly shares: readonly { readonly share: number; readonly times: number }[];
  readonly typical: Reads;
  /** Of those that are counted, each makes so many that are computed. */
  readonly perExample: number;
  readonly views: number;
  /** Seconds that reading an example takes. */
  readonly reading: number;
}

async function expected(config: RunConfig, { classes, examples, texts, ...places }: CostOptions): Promise<Expected> {
  const { task } = config.data;
  if (task !== 'image-classification') return expectedTexts(config, task, { classes, examples, texts, ...places });
  const { model: id, lora, imageSize } = config;
  const describe = (keepsAdapter: boolean) => describeModel(id, { ...places, classes, imageSize, keepsAdapter });
  const { model } = (await describeAdapted(id, lora, places, describe)).described;
  decoding ??= timeDecoding(model);
  setDropout(model, config.dropout);
  const reads = readsPictures(model);
  const views = keptViews[config.augmentation];
  return { model, forms: [reads], shares: [{ share: 1, times: 1 }], typical: reads, perExample: 1, views, reading: await decoding };
}

async function expectedTexts(config: RunConfig, task: TextTask, { classes, examples, texts, ...places }: CostOptions): Promise<Expected> {
  const { model: id, lora } = config;
  const describe = (keepsAdapter: boolean) => describeForTask(id, task, { ...places, classes, keepsAdapter });
  const { model } = (await describeAdapted(id, lora, places, describe)).described;
  setDropout(model, config.dropout);
  const maxLength = lengthFor(task, config, model, texts?.tokenizer ?? { maxLength: null });
  const { lengths = [], perText = 1 } = texts ? await lengthsAmong(texts, { ...config, ...config.data, maxLength }) : {};
  const whole = { model, views: 1, reading: 0 };
  if (lengths.length === 0) {
    const typical = readsTexts(model, Math.min(usualTokens, maxLength));
    return { ...whole, forms: [readsTexts(model, maxLength)], shares: [{ share: 1, times: 1 }], typical, perExample: 1 };
  }
  const formBytes = bytesOfForm(
    model,
    config.phases.map(({ rules }) => select(model, rules)),
  );
  const buckets = lengthsOfForms(lengths, { maxLength, formBytes, batchSize: config.batchSize, count: examples * perText });
  const filled = lengths.map((length) => bucketOf(buckets, length));
  const typical = Math.ceil(filled.reduce((sum, length) => sum + length, 0) / filled.length);
  return {
    ...whole,
    forms: buckets.map((length) => readsTexts(model, length)),
    shares: buckets.map((bucket) => ({
      share: filled.filter((length) => length === bucket).length / filled.length,
      times: bucket / typical,
    })),
    typical: readsTexts(model, typical),
    perExample: perText,
  };
}

const samples = new WeakMap<TextDataset, Map<string, Promise<SampledLengths>>>();

/** Looks at texts once for each way of reading them. */
function lengthsAmong(
  { dataset, tokenizer }: TextsRead,
  { maxLength, longTexts, prefix }: Omit<SamplingOptions, 'tokenizer'>,
): Promise<SampledLengths> {
  const ofDataset = samples.get(dataset) ?? new Map<string, Promise<SampledLengths>>();
  samples.set(dataset, ofDataset);
  const key = JSON.stringify([tokenizer.path, maxLength, longTexts, prefix]);
  const known = ofDataset.get(key) ?? sampledLengths(dataset, { tokenizer, maxLength, longTexts, prefix });
  ofDataset.set(key, known);
  known.catch(() => ofDataset.delete(key));
  return known;
}

/** Seconds that a photo of the usual size takes to decode, with all cores at it. */
async function timeDecoding(model: ImageModel): Promise<number> {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  const photo = await sharp({ create: { width: 500, height: 375, channels: 3, background: 'grey', noise } })
    .jpeg()
    .toBuffer();
  const count = 4 * availableParallelism();
  await decodePicture(photo, model.input, null);
  const began = performance.now();
  await Promise.all(Array.from({ length: count }, () => decodePicture(photo, model.input, null)));
  return (performance.now() - began) / 1000 / count;
}
