import type { Split } from '../../protocol/data';
import type { RunEventBody } from '../../protocol/events';
import type { Evaluation } from '../../protocol/report';
import type { Engine, NamedTensors } from '../engine/engine';
import type { FeatureBatch, Features } from './features';
import { type Answerer, compileWhole, judgeBatch, noVerdict, type Verdict } from './judging';
import type { Stage } from './stage';
import type { Subject } from './subject/subject';
import { withWritten, writtenFor } from './writing';

/** Texts that a language model writes after each epoch. */
const samplesEach = 3;

export interface JudgeSpec {
  readonly subject: Subject;
  readonly engine: Engine;
  readonly features: Features;
  readonly batchSize: number;
  /** Called between any two pieces of work; may throw to end it. */
  boundary(): Promise<void>;
}

/** What the model of a run says of examples that it does not learn from, as they are: without augmentation. Nothing of the run depends on it. */
export class Judge {
  /** What the best weights so far said of the validation examples. */
  private best: { step: number; verdict: Verdict } | null = null;

  constructor(private readonly spec: JudgeSpec) {}

  /** The validation examples, by what has been learned so far. */
  async validation(stage: Stage): Promise<Verdict> {
    await stage.loadAnswerFromTraining();
    return this.judged(stage, this.spec.features.plain(stage, 'validation'));
  }

  /** This was the best model so far. */
  keep(step: number, verdict: Verdict): void {
    this.best = { step, verdict };
  }

  /** What was kept of the model after that step. */
  keptOf(step: number): Verdict | null {
    return this.best?.step === step ? this.best.verdict : null;
  }

  /** A split by these values, of which those that the stage's front holds are the stage's. */
  async through(stage: Stage, split: Split, tensors: NamedTensors): Promise<Verdict> {
    await stage.loadAnswer(tensors);
    return this.judged(stage, this.spec.features.plain(stage, split));
  }

  /** A split by these values, whatever they are. */
  async whole(split: Split, tensors: NamedTensors): Promise<Verdict> {
    const { engine, subject, features, batchSize } = this.spec;
    const { model, examples } = subject;
    const whole = compileWhole(engine, model, examples.forms, tensors, batchSize);
    try {
      return await this.judged(whole, features.whole(split));
    } finally {
      await whole.dispose();
    }
  }

  /** An evaluation with what a model wrote that is measured by that. */
  async measured(evaluation: Evaluation | null, split: 'validation' | 'test', tensors: NamedTensors): Promise<Evaluation | null> {
    const { engine, subject, boundary } = this.spec;
    return evaluation && withWritten(evaluation, subject, split, { engine, tensors, turn: boundary });
  }

  /** A look at what a language model writes now; null for one that does not. */
  async samples(epoch: number, tensors: NamedTensors): Promise<RunEventBody | null> {
    const { engine, subject, boundary } = this.spec;
    const prompts = await subject.writing?.prompts('validation', samplesEach);
    if (!subject.writing || !prompts || prompts.length === 0) return null;
    return {
      type: 'samples',
      epoch,
      samples: await writtenFor(subject.writing, prompts, { engine, tensors, turn: boundary, isSample: true }),
    };
  }

  private async judged(answerer: Answerer, batches: AsyncIterable<FeatureBatch>): Promise<Verdict> {
    const { subject, features, boundary } = this.spec;
    const verdict = noVerdict(subject.examples);
    for await (const batch of batches) {
      await boundary();
      await judgeBatch(verdict, answerer, batch, features.unreadable);
    }
    return verdict;
  }
}
