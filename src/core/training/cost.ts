import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import type { Cost } from '../../protocol/assistant';
import type { Phase, RunConfig } from '../../protocol/runConfig';
import { decodePicture } from '../data';
import { createEngine, type Engine, type TensorData } from '../engine';
import { addLora, type ImageModel, type Network, setDropout } from '../models';
import { tensorsOf } from '../nn';
import { describeForTask, describeModel, type Places } from '../weights';
import { keptViews } from './examples/pictures';
import { readsTexts } from './examples/texts';
import { areKept, memoryLimit } from './features';
import { memoryOf } from './memory';
import { type Reads, readsPictures, sizeOf } from './reads';
import { select } from './selection';
import { Slots, slotKinds } from './slots';
import { Stage, type TrainingBatch } from './stage';

export interface CostOptions {
  /** Examples to train on. */
  readonly examples: number;
  readonly classes: number;
  readonly modelsFolder: string;
  readonly runsFolder?: string;
}

/** What one batch takes on this machine, in seconds. */
interface Probe {
  readonly hasFront: boolean;
  readonly front: number;
  readonly step: number;
  readonly answer: number;
  /** Of one example where the frozen front ends, bytes. */
  readonly featureBytes: number;
}

const probes = new Map<string, Promise<Probe>>();
let decoding: Promise<number> | null = null;

/** Of a first probe; and seconds a step, below which a whole batch is tried too. */
const probedExamples = 2;
const quick = 0.1;
/** Tokens of a made-up text: most are shorter. */
const usualTokens = 128;

/**
 * What a run would cost on this machine: every phase is compiled and timed for a batch or two of made-up examples (the
 * model's weights are not read), and the sums are done with the counts. It takes a second or two the first time for each
 * model, batch size and set of learning layers. Memory is reckoned from the model's shapes. Texts are taken to have
 * `usualTokens` tokens each.
 * @throws ThawError `config.invalid`, `model.*`, `engine.*`.
 */
export async function estimateCost(config: RunConfig, { examples, classes, ...places }: CostOptions): Promise<Cost> {
  const probed = await probedOf(config, classes, places);
  const batchSize = Math.max(1, Math.min(config.batchSize, examples));
  const { validationSplit, testSplit } = config.data;
  const validation = (examples * validationSplit) / Math.max(0.1, 1 - validationSplit - testSplit);

  let totalSeconds = 0;
  let memoryBytes = 0;
  const epochs = config.phases.reduce((sum, phase) => sum + phase.epochs, 0);
  for (const phase of config.phases) {
    const probe = await probeOf(config, phase, probed, classes, batchSize);
    const views = Math.min(phase.epochs, probed.views);
    const bytes = (examples * views + validation) * probe.featureBytes;
    const isKept = probe.hasFront && areKept(bytes);
    // Reading goes on beside computing, but on the same cores.
    const seen = (count: number) => count * (probed.reading + probe.front / batchSize);
    const passes = isKept ? { train: views, validation: 1 } : { train: phase.epochs, validation: phase.epochs };
    totalSeconds += seen(examples * passes.train) + seen(validation * passes.validation);
    totalSeconds += (phase.epochs / batchSize) * (examples * probe.step + validation * probe.answer);
    const { model, reads } = probed;
    const needed = memoryOf(
      model,
      reads.x.shape,
      select(model, phase.rules),
      slotKinds(config.optimizer).length + (config.gradientAccumulation > 1 ? 1 : 0),
      batchSize,
    );
    memoryBytes = Math.max(memoryBytes, needed + (isKept ? Math.min(bytes, memoryLimit) : 0));
  }
  return { secondsPerEpoch: totalSeconds / epochs, totalSeconds, memoryBytes };
}

/** What is timed. */
interface Probed {
  readonly model: Network;
  readonly reads: Reads;
  readonly views: number;
  /** Seconds that reading an example takes. */
  readonly reading: number;
}

async function probedOf(config: RunConfig, classes: number, places: Places): Promise<Probed> {
  const { task } = config.data;
  if (task === 'image-classification') {
    const { model } = await describeModel(config.model, { ...places, classes, imageSize: config.imageSize });
    decoding ??= timeDecoding(model);
    setDropout(model, config.dropout);
    if (config.lora) addLora(model, config.lora);
    return { model, reads: readsPictures(model), views: keptViews[config.augmentation], reading: await decoding };
  }
  const { model } = await describeForTask(config.model, task, { ...places, classes });
  setDropout(model, config.dropout);
  if (config.lora) addLora(model, config.lora);
  const length = Math.min(config.maxLength ?? usualTokens, usualTokens, model.input.maximumLength);
  return { model, reads: readsTexts(model, length), views: 1, reading: 0 };
}

function probeOf(config: RunConfig, { rules }: Phase, probed: Probed, classes: number, batchSize: number): Promise<Probe> {
  const { engine, device, threads, optimizer, imageSize, maxLength, data } = config;
  const key = JSON.stringify([
    config.model,
    rules,
    classes,
    batchSize,
    engine,
    device,
    threads,
    optimizer,
    imageSize,
    maxLength,
    data.task,
    config.lora,
    config.dropout,
  ]);
  const known = probes.get(key) ?? measure(config, rules, probed, batchSize);
  probes.set(key, known);
  known.catch(() => probes.delete(key));
  return known;
}

/**
 * Tries two examples first. Where even they take long, the rest is proportion: whoever waits for the estimate waits for
 * the probe, and small batches waste too little there to matter.
 */
async function measure(config: RunConfig, rules: readonly string[], probed: Probed, batchSize: number): Promise<Probe> {
  const few = Math.min(probedExamples, batchSize);
  const probe = await timeBatch(config, rules, probed, few);
  if (few === batchSize) return probe;
  if (probe.front + probe.step < quick) return timeBatch(config, rules, probed, batchSize);
  const times = batchSize / few;
  const { front, step, answer } = probe;
  return { ...probe, front: front * times, step: step * times, answer: answer * times };
}

async function timeBatch(config: RunConfig, rules: readonly string[], { model, reads }: Probed, batchSize: number): Promise<Probe> {
  const selection = select(model, rules);
  const engine: Engine = await createEngine(config.engine, { threads: config.threads, device: config.device });
  const slots = new Slots(slotKinds(config.optimizer));
  const tensors = plainTensors(model);
  const stage = await Stage.compile({ engine, model, forms: [reads], selection, batchSize, config, tensors, slots });
  try {
    const made = ({ dtype, shape }: Reads['x'], value: number) => {
      const size = batchSize * sizeOf(shape);
      return dtype === 'int32' ? new Int32Array(size).fill(Math.ceil(value)) : new Float32Array(size).fill(value);
    };
    const beside = Object.fromEntries(Object.entries(reads.beside).map(([name, fed]) => [name, made(fed, name === 'types' ? 0 : 1)]));
    const whole = { x: made(reads.x, 0.1), beside };
    const x = await stage.features(whole);
    const labels = new Int32Array(batchSize * sizeOf(reads.labels));
    const weights = new Float32Array(labels.length).fill(1 / labels.length);
    const step = await seconds(() => learn(stage, { x, beside, labels, weights }, config.gradientAccumulation > 1));
    await stage.loadAnswerFromTraining();
    return {
      hasFront: stage.hasFront,
      front: stage.hasFront ? await seconds(() => stage.features(whole)) : 0,
      step,
      answer: await seconds(
        async () => void (await (reads.labels.length > 0 ? stage.tokens({ x, beside, labels }) : stage.logits({ x, beside }))),
      ),
      featureBytes: x.byteLength / batchSize,
    };
  } finally {
    await stage.dispose();
    await engine.dispose();
  }
}

/** An update; under accumulation, of one batch. */
async function learn(stage: Stage, batch: TrainingBatch, adds: boolean): Promise<void> {
  if (!adds) return void (await stage.train({ ...batch, learningRate: 1e-6 }));
  await stage.add(batch);
  await stage.apply(1, 1e-6);
}

/** The second of two runs, as the first one allocates; the first, where it is long enough to drown that. */
async function seconds(work: () => Promise<unknown>): Promise<number> {
  const timed = async () => {
    const began = performance.now();
    await work();
    return (performance.now() - began) / 1000;
  };
  const first = await timed();
  return first > 1 ? first : timed();
}

/** Values that take as long to compute with as any others. */
function plainTensors(model: Network): Map<string, TensorData> {
  return new Map(
    [...tensorsOf(model.root)].map(({ name, shape, statistic }) => {
      const data = new Float32Array(sizeOf(shape)).fill(statistic ? 1 : 0.01);
      return [name, { dtype: 'float32', shape, data }];
    }),
  );
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
