import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import type { Cost } from '../../protocol/assistant';
import type { Phase, RunConfig } from '../../protocol/runConfig';
import { decodePicture } from '../data';
import { createEngine, type Engine, type TensorData } from '../engine';
import type { ImageModel } from '../models';
import { tensorsOf } from '../nn';
import { describeModel } from '../weights';
import { keptBytes, keptViews, memoryLimit } from './features';
import { memoryOf } from './memory';
import { select } from './selection';
import { Slots, slotKinds } from './slots';
import { imageShape, readsPictures, Stage } from './stage';

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

/**
 * What a run would cost on this machine: every phase is compiled and timed for a batch or two of made-up pictures (the
 * model's weights are not read), and the sums are done with the counts. It takes a second or two the first time for each
 * model, batch size and set of learning layers. Memory is reckoned from the model's shapes.
 * @throws ThawError `config.invalid`, `model.*`, `engine.*`.
 */
export async function estimateCost(config: RunConfig, { examples, classes, ...places }: CostOptions): Promise<Cost> {
  const { model } = await describeModel(config.model, { ...places, classes, imageSize: config.imageSize });
  const batchSize = Math.max(1, Math.min(config.batchSize, examples));
  const { validationSplit, testSplit } = config.data;
  const validation = (examples * validationSplit) / Math.max(0.1, 1 - validationSplit - testSplit);
  decoding ??= timeDecoding(model);
  const decode = await decoding;

  let totalSeconds = 0;
  let memoryBytes = 0;
  const epochs = config.phases.reduce((sum, phase) => sum + phase.epochs, 0);
  for (const phase of config.phases) {
    const probe = await probeOf(config, phase, model, classes, batchSize);
    const views = Math.min(phase.epochs, keptViews[config.augmentation]);
    const features = keptBytes(examples * views + validation, probe.featureBytes);
    // Decoding goes on beside computing, but on the same cores.
    const seen = (count: number) => count * (decode + probe.front / batchSize);
    const passes =
      probe.hasFront && features !== null ? { train: views, validation: 1 } : { train: phase.epochs, validation: phase.epochs };
    totalSeconds += seen(examples * passes.train) + seen(validation * passes.validation);
    totalSeconds += (phase.epochs / batchSize) * (examples * probe.step + validation * probe.answer);
    const needed = memoryOf(model, select(model, phase.rules), slotKinds(config.optimizer).length, batchSize);
    memoryBytes = Math.max(memoryBytes, needed + Math.min(features ?? 0, memoryLimit));
  }
  return { secondsPerEpoch: totalSeconds / epochs, totalSeconds, memoryBytes };
}

function probeOf(config: RunConfig, { rules }: Phase, model: ImageModel, classes: number, batchSize: number): Promise<Probe> {
  const { engine, device, threads, optimizer, imageSize } = config;
  const key = JSON.stringify([config.model, rules, classes, batchSize, engine, device, threads, optimizer, imageSize]);
  const known = probes.get(key) ?? measure(config, rules, model, batchSize);
  probes.set(key, known);
  known.catch(() => probes.delete(key));
  return known;
}

/**
 * Tries two examples first. Where even they take long, the rest is proportion: whoever waits for the estimate waits for
 * the probe, and small batches waste too little there to matter.
 */
async function measure(config: RunConfig, rules: readonly string[], model: ImageModel, batchSize: number): Promise<Probe> {
  const few = Math.min(probedExamples, batchSize);
  const probe = await timeBatch(config, rules, model, few);
  if (few === batchSize) return probe;
  if (probe.front + probe.step < quick) return timeBatch(config, rules, model, batchSize);
  const times = batchSize / few;
  const { front, step, answer } = probe;
  return { ...probe, front: front * times, step: step * times, answer: answer * times };
}

async function timeBatch(config: RunConfig, rules: readonly string[], model: ImageModel, batchSize: number): Promise<Probe> {
  const selection = select(model, rules);
  const engine: Engine = await createEngine(config.engine, { threads: config.threads, device: config.device });
  const slots = new Slots(slotKinds(config.optimizer));
  const stage = await Stage.compile({
    engine,
    model,
    reads: readsPictures(model),
    selection,
    batchSize,
    config,
    tensors: plainTensors(model),
    slots,
  });
  try {
    const images = new Float32Array(batchSize * imageShape(model).reduce((a, b) => a * b, 1)).fill(0.1);
    const x = await stage.features(images);
    const batch = { x, labels: new Int32Array(batchSize), weights: new Float32Array(batchSize).fill(1 / batchSize), learningRate: 1e-6 };
    const step = await seconds(() => stage.train(batch));
    await stage.loadAnswerFromTraining();
    return {
      hasFront: stage.hasFront,
      front: stage.hasFront ? await seconds(() => stage.features(images)) : 0,
      step,
      answer: await seconds(() => stage.logits(x)),
      featureBytes: x.byteLength / batchSize,
    };
  } finally {
    await stage.dispose();
    await engine.dispose();
  }
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
function plainTensors(model: ImageModel): Map<string, TensorData> {
  return new Map(
    [...tensorsOf(model.root)].map(({ name, shape, statistic }) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(statistic ? 1 : 0.01);
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
