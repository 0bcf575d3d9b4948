import { setImmediate as nextTurn } from 'node:timers/promises';
import * as l10n from '@vscode/l10n';
import type { Split } from '../../protocol/data';
import type { RunEvent, RunEventBody } from '../../protocol/events';
import type { Evaluation } from '../../protocol/report';
import type { Rules } from '../../protocol/rules';
import type { RunConfig } from '../../protocol/runConfig';
import type { Engine, NamedTensors, TensorData } from '../engine/engine';
import type { RunFolder } from '../runs';
import { Checkpointer, diverged } from './checkpointer';
import { Control } from './control';
import { betterOf, isExhausted } from './earlyStopping';
import { textsAmong } from './examples/windows';
import { classWeightsOf, weightsOf } from './exampleWeights';
import { type FeatureBatch, Features } from './features';
import { Judge } from './judge';
import { evaluationOfVerdict, rightOf, type Verdict } from './judging';
import { noSums, type Progress } from './progress';
import { rateFactor } from './schedule';
import { type Selection, select } from './selection';
import type { Slots } from './slots';
import { Stage } from './stage';
import type { Subject } from './subject/subject';
import { Throttle } from './throttle';

/** A checkpoint at least this often, in milliseconds. */
const checkpointEvery = 60_000;

export interface TrainingSpec {
  readonly folder: RunFolder;
  readonly subject: Subject;
  readonly engine: Engine;
  /** Every tensor of the model; kept up to date at each checkpoint. */
  readonly tensors: Map<string, TensorData>;
  readonly slots: Slots;
  /** Where the run stands. */
  readonly at: Progress;
  /** Numbers, writes and tells an event. */
  say(body: RunEventBody): RunEvent;
}

/**
 * The loop: epochs of steps over the training examples, each followed by a look at the validation examples and a checkpoint.
 *
 * What the weights become depends on `at`, the configuration and the data alone, never on the clock: a run that is
 * killed and goes on from any checkpoint ends with the same bytes. Losses and accuracies that are told of training are
 * running means over the epoch, with label smoothing and class weights; those of validation are of the model in inference
 * mode, without either.
 */
export class Training {
  readonly control = new Control();
  readonly features: Features;
  private readonly judging: Judge;
  private readonly checkpoints: Checkpointer;
  private readonly steps = new Throttle();
  private readonly fills = new Throttle();
  private readonly classWeights: readonly number[] | null;
  /** Where examples are windows: what there is of a text in one of them, in the mean. */
  private readonly usualShare: number | null;
  private readonly begun = performance.now();
  /** Seconds that earlier processes spent on the run. */
  private readonly before: number;
  private readonly batchSize: number;
  private readonly totalSteps: number;
  private stage: Stage | null = null;
  /** What was added to the update that comes next: batches, and what their loss is divided by. */
  private waiting = { batches: 0, weight: 0 };
  private pace = { time: performance.now(), examples: 0 };
  /** Set once the loop is over: requests no longer apply. */
  private closing = false;

  constructor(readonly spec: TrainingSpec) {
    const { folder, at, say, engine, subject } = spec;
    const { examples, model } = subject;
    const { config } = folder.record;
    const training = examples.members('train');
    this.batchSize = Math.min(config.batchSize, training.length);
    this.features = new Features({
      examples,
      model,
      config,
      batchSize: this.batchSize,
      folder: folder.path,
      onUnreadable: (path) =>
        void say({ type: 'warning', code: 'data.unreadable', message: l10n.t('{0} cannot be read. It is left out.', path) }),
      onChunk: async (done, total) => {
        if (this.fills.due(performance.now()) || done === total) say({ type: 'prepare', done, total });
        await this.boundary();
      },
    });
    const epochs = config.phases.reduce((sum, phase) => sum + phase.epochs, 0);
    this.totalSteps = epochs * Math.ceil(this.features.chunksOfEpoch(0).length / config.gradientAccumulation);
    this.checkpoints = new Checkpointer(
      folder,
      (step, best) => void say({ type: 'checkpoint', step, path: `checkpoints/step-${step}`, best }),
    );
    this.judging = new Judge({ engine, subject, features: this.features, batchSize: this.batchSize, boundary: () => this.boundary() });
    const { classes, windows } = examples;
    const texts = textsAmong(windows, training);
    const labels = Int32Array.from(texts, (example) => examples.labelOf(example));
    this.usualShare = windows ? texts.length / training.length : null;
    this.classWeights = classes.length > 0 ? classWeightsOf(labels, classes.length, config.classWeights) : null;
    this.before = at.timings.total;
  }

  /** Trains from where the run stands to its end. @throws Ending, ThawError, what the system throws. */
  async learn(): Promise<void> {
    const { at } = this.spec;
    const { phases, earlyStopping } = this.config;
    const epochs = phases.reduce((sum, phase) => sum + phase.epochs, 0);
    while (at.epoch < epochs && !isExhausted(at.best, at.epoch, earlyStopping)) {
      await this.enterPhase();
      const stage = await this.stageInForce();
      if (await this.learnEpoch(stage)) await this.closeEpoch(stage);
    }
    await this.checkpoints.settle();
  }

  /** The run as it stands, on disk. */
  async checkpoint(): Promise<void> {
    const { at, tensors, slots } = this.spec;
    this.stage?.save(tensors, slots);
    at.ages = Object.fromEntries(slots.ages);
    this.clock();
    await this.checkpoints.begin(at, tensors, slots.values);
  }

  /** Until every checkpoint that was begun is on disk. */
  settle(): Promise<void> {
    return this.checkpoints.settle();
  }

  /** What the model with these values says of a split, without augmentation. Requests no longer interrupt. */
  async judge(split: Split, step: number, tensors: NamedTensors): Promise<Verdict> {
    this.closing = true;
    const kept = split === 'validation' ? this.judging.keptOf(step) : null;
    if (kept) return kept;
    const stage = await this.stageInForce();
    // What is frozen now has had its values since `rulesSince`; older weights need a front of their own.
    return step >= this.spec.at.rulesSince ? this.judging.through(stage, split, tensors) : this.judging.whole(split, tensors);
  }

  /** An evaluation with what a model wrote that is measured by that. */
  measured(evaluation: Evaluation | null, split: 'validation' | 'test', tensors: NamedTensors): Promise<Evaluation | null> {
    return this.judging.measured(evaluation, split, tensors);
  }

  get selection(): Selection {
    return select(this.spec.subject.model, this.spec.at.rules);
  }

  async dispose(): Promise<void> {
    await this.stage?.dispose();
    await this.features.dispose();
  }

  /** Brings the timings of `at` up to now. */
  clock(): void {
    this.spec.at.timings.total = this.before + (performance.now() - this.begun) / 1000;
  }

  private get config(): RunConfig {
    return this.spec.folder.record.config;
  }

  /** At the first step of a phase its rules come into force, in place of what a person may have made of the last one's. */
  private async enterPhase(): Promise<void> {
    const { at, say } = this.spec;
    const { phases } = this.config;
    const ends = phases.map((_, i) => phases.slice(0, i + 1).reduce((sum, phase) => sum + phase.epochs, 0));
    const index = ends.findIndex((end) => at.epoch < end);
    if (index === at.phase) return;
    at.phase = index;
    const { rules } = phases[index] as (typeof phases)[number];
    await this.putInForce(rules);
    say({ type: 'phase', index, trainable: [...rules] });
  }

  /** New rules: the stage of the old ones gives back what it learned. */
  private async putInForce(rules: Rules): Promise<void> {
    const { at, tensors, slots } = this.spec;
    at.rules = [...rules];
    const next = this.selection;
    if (this.stage && sameNames(this.stage.selection.learning, next.learning)) return;
    at.rulesSince = at.step;
    this.stage?.save(tensors, slots);
    await this.stage?.dispose();
    this.stage = null;
  }

  private async stageInForce(): Promise<Stage> {
    if (this.stage) return this.stage;
    const { at, engine, tensors, slots, subject } = this.spec;
    const { model, examples } = subject;
    const { forms } = examples;
    const { selection, batchSize, config } = this;
    const began = performance.now();
    at.touched = [...new Set([...at.touched, ...selection.learning, ...selection.moving])];
    this.stage = await Stage.compile({ engine, model, forms, selection, batchSize, config, tensors, slots });
    await this.features.use(this.stage, tensors);
    at.timings.prepare += (performance.now() - began) / 1000;
    return this.stage;
  }

  /** @returns false where new rules ended it early; the epoch goes on with another stage. */
  private async learnEpoch(stage: Stage): Promise<boolean> {
    const { at } = this.spec;
    const began = performance.now();
    let whole = true;
    const batches = this.features.chunksOfEpoch(at.epoch).length;
    for await (const batch of this.features.training(stage, at.epoch, at.batch)) {
      // A run stands still between updates alone: what waits for one is in no checkpoint.
      if (this.waiting.batches === 0) await this.boundary();
      else await nextTurn();
      if (this.control.hasRules && this.waiting.batches === 0) {
        whole = false;
        break;
      }
      await this.learnBatch(stage, batch, batches);
    }
    const seconds = (performance.now() - began) / 1000;
    at.sums.seconds += seconds;
    at.timings.train += seconds;
    if (!whole) await this.takeRules();
    return whole;
  }

  /** @param batches how many the epoch has */
  private async learnBatch(stage: Stage, batch: FeatureBatch, batches: number): Promise<void> {
    const { waiting } = this;
    const { at } = this.spec;
    const { phases, schedule, gradientAccumulation } = this.config;
    const { chunk } = batch;
    const { weights, sum, divisor } = weightsOf(chunk, batch, this.features.unreadable, this.classWeights, this.usualShare);
    const learningRate = (phases[at.phase]?.learningRate as number) * rateFactor(at.step, this.totalSteps, schedule);
    const adds = gradientAccumulation > 1;
    if (sum > 0) {
      const given = { ...batch, weights: adds ? weights : weights.map((weight) => weight / divisor), step: at.step };
      const { loss, predicted } = adds ? await stage.add(given) : await stage.train({ ...given, learningRate });
      if (!Number.isFinite(loss)) throw diverged();
      const { right, count } = rightOf(predicted, batch, weights);
      at.sums.loss += adds ? loss : loss * divisor;
      at.sums.weight += sum;
      at.sums.right += right;
      at.sums.count += count;
    }
    this.pace.examples += chunk.real;
    waiting.weight += divisor;
    waiting.batches++;
    if (waiting.batches < gradientAccumulation && at.batch + waiting.batches < batches) return;
    if (adds && waiting.weight > 0) await stage.apply(waiting.weight, learningRate);
    at.step++;
    at.batch += waiting.batches;
    this.waiting = { batches: 0, weight: 0 };
    this.tellStep(learningRate);
  }

  private tellStep(learningRate: number): void {
    const { at, say } = this.spec;
    const { totalSteps } = this;
    const now = performance.now();
    if (!this.steps.due(now)) return;
    const examplesPerSecond = (1000 * this.pace.examples) / Math.max(1, now - this.pace.time);
    this.pace = { time: now, examples: 0 };
    const memoryBytes = process.memoryUsage.rss();
    say({ type: 'step', step: at.step, epoch: at.epoch + 1, totalSteps, ...this.running(), learningRate, examplesPerSecond, memoryBytes });
  }

  /** Means over the epoch so far. */
  private running(): { loss: number; accuracy: number } {
    const { loss, weight, right, count } = this.spec.at.sums;
    return { loss: weight === 0 ? 0 : loss / weight, accuracy: count === 0 ? 0 : right / count };
  }

  /** Looks at the validation examples, tells of the epoch, keeps the checkpoint. */
  private async closeEpoch(stage: Stage): Promise<void> {
    const { at, subject, tensors, say } = this.spec;
    const began = performance.now();
    const verdict = await this.judging.validation(stage);
    at.timings.evaluate += (performance.now() - began) / 1000;
    const validation = evaluationOfVerdict(verdict, subject.examples.classes);
    if (validation && !Number.isFinite(validation.loss)) throw diverged();

    const epoch = at.epoch + 1;
    at.best = betterOf(at.best, { epoch, step: at.step, loss: validation?.loss ?? null });
    if (at.best.epoch === epoch) this.judging.keep(at.step, verdict);
    const train = this.running();
    const { seconds } = at.sums;
    at.epoch = epoch;
    at.batch = 0;
    at.sums = { ...noSums };
    say({
      type: 'epoch',
      epoch,
      step: at.step,
      seconds,
      train,
      validation: validation && { loss: validation.loss, accuracy: validation.accuracy },
    });
    await this.checkpoint();
    // Long steps would hold up the disk, too: each of its callbacks waits for one of them.
    if (seconds > 1) await this.checkpoints.settle();
    const samples = await this.judging.samples(epoch, tensors);
    if (samples) say(samples);
  }

  /** Between any two pieces of work: lets messages in, and does what they ask. @throws Ending. */
  private async boundary(): Promise<void> {
    await nextTurn();
    this.checkpoints.check();
    if (this.closing) return;
    const { control } = this;
    if (control.ending) throw control.ending;
    if (control.paused) await this.rest();
    else if (this.checkpoints.age > checkpointEvery) await this.checkpoint();
  }

  private async rest(): Promise<void> {
    const { at, say } = this.spec;
    await this.checkpoint();
    await this.checkpoints.settle();
    say({ type: 'paused', step: at.step, reason: 'asked' });
    await this.control.waking();
    if (this.control.ending) throw this.control.ending;
    this.pace = { time: performance.now(), examples: 0 };
    say({ type: 'continued', step: at.step });
  }

  /** Rules that were asked for come into force; a checkpoint records when, so that a resume does the same. */
  private async takeRules(): Promise<void> {
    const rules = this.control.takeRules();
    if (!rules) return;
    const { at, say } = this.spec;
    await this.putInForce(rules);
    say({ type: 'freeze', trainable: [...rules], step: at.step });
    await this.stageInForce();
    await this.checkpoint();
  }
}

function sameNames(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name));
}
