import type { Phase, RunConfig } from '../../protocol/runConfig';
import { createEngine, type Engine, type TensorData } from '../engine';
import type { Network } from '../models';
import { tensorsOf } from '../nn';
import { type Reads, sizeOf } from './reads';
import { select } from './selection';
import { Slots, slotKinds } from './slots';
import { Stage, type TrainingBatch } from './stage';

/** What one batch takes on this machine, in seconds. */
export interface Probe {
  readonly hasFront: boolean;
  /** Until the first step; each form of a run is compiled. */
  readonly compiling: number;
  readonly front: number;
  readonly step: number;
  readonly answer: number;
  /** Of one example where the frozen front ends, bytes. */
  readonly featureBytes: number;
}

/** What is timed. */
export interface Probed {
  readonly model: Network;
  readonly reads: Reads;
  readonly classes: number;
  readonly batchSize: number;
}

const probes = new Map<string, Promise<Probe>>();

/** Of a first probe and of a second; seconds a step, below which a whole batch is tried, and above which nothing more is. */
const probedExamples = 2;
const moreExamples = 8;
const quick = 0.1;
const slow = 3;
/** Seconds after which a run is not repeated. */
const tooLong = 8;

/** Compiles a phase and times it for a batch or two of made-up examples; what is known is not timed again. */
export function probeOf(config: RunConfig, { rules }: Phase, probed: Probed): Promise<Probe> {
  const { engine, device, threads, optimizer, data } = config;
  const { reads, classes, batchSize } = probed;
  const key = JSON.stringify([
    config.model,
    rules,
    classes,
    batchSize,
    engine,
    device,
    threads,
    optimizer,
    reads.x.shape,
    data.task,
    config.lora,
    config.dropout,
  ]);
  const known = probes.get(key) ?? measure(config, rules, probed);
  probes.set(key, known);
  known.catch(() => probes.delete(key));
  return known;
}

/**
 * Tries two examples first. Where even they take long, a few more tell how much of it grows with the batch: whoever waits for
 * the estimate waits for the probe. The optimizer's part does not grow; of a large model it is most of what two texts take.
 */
async function measure(config: RunConfig, rules: readonly string[], probed: Probed): Promise<Probe> {
  const { batchSize } = probed;
  const timed = (examples: number) => timeBatch(config, rules, { ...probed, batchSize: Math.min(examples, batchSize) });
  const few = await timed(probedExamples);
  if (batchSize <= probedExamples) return few;
  const taken = few.front + few.step;
  if (taken < quick || batchSize <= moreExamples) return timed(batchSize);
  if (taken < slow) return extended(few, await timed(moreExamples), batchSize);
  const times = batchSize / probedExamples;
  return { ...few, front: few.front * times, step: few.step * times, answer: few.answer * times };
}

/** What a whole batch takes, by what it took more for more examples. */
function extended(few: Probe, more: Probe, batchSize: number): Probe {
  const times = (batchSize - moreExamples) / (moreExamples - probedExamples);
  const on = (part: 'front' | 'step' | 'answer') => more[part] + times * Math.max(0, more[part] - few[part]);
  return { ...more, front: on('front'), step: on('step'), answer: on('answer') };
}

async function timeBatch(config: RunConfig, rules: readonly string[], { model, reads, batchSize }: Probed): Promise<Probe> {
  const selection = select(model, rules);
  const engine: Engine = await createEngine(config.engine, { threads: config.threads, device: config.device });
  const slots = new Slots(slotKinds(config.optimizer));
  const tensors = plainTensors(model);
  const began = performance.now();
  const stage = await Stage.compile({ engine, model, forms: [reads], selection, batchSize, config, tensors, slots });
  const compiling = (performance.now() - began) / 1000;
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
      compiling,
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

/** The second of two runs, as the first one allocates; the first, where nobody would wait for another. */
async function seconds(work: () => Promise<unknown>): Promise<number> {
  const timed = async () => {
    const began = performance.now();
    await work();
    return (performance.now() - began) / 1000;
  };
  const first = await timed();
  return first > tooLong ? first : timed();
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
