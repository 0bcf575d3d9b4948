import type { RunEvent, RunEventOf } from '../../src/protocol/events';
import type { Failure } from '../../src/protocol/failure';
import type { Report } from '../../src/protocol/report';
import type { RunConfig } from '../../src/protocol/runConfig';
import { Curve } from './curve';

export type EpochRow = Pick<RunEventOf<'epoch'>, 'epoch' | 'step' | 'seconds' | 'train' | 'validation'>;

/** What learns changed: by hand in mid-run, or because a phase began. */
export interface Mark {
  step: number;
  /** Counts phases from 0; null for a change by hand. */
  phase: number | null;
  before: readonly string[];
  after: readonly string[];
}

/** Events that stand in the log, one line each. */
export type LoggedEvent = Exclude<RunEvent, { type: 'step' | 'data' | 'checkpoint' }>;

/** What the events of a run amount to. It is fed in place, since ten events a second must not copy its curves. */
export class RunView {
  config: RunConfig | null = null;
  folder = '';
  /** Planned, over all phases. */
  epochs = 0;
  totalSteps = 0;
  step = 0;
  prepare: { done: number; total: number; perSecond: number } | null = null;
  speed = 0;
  memory = 0;
  peakMemory = 0;
  trainable: readonly string[] | null = null;
  readonly loss = new Curve();
  readonly accuracy = new Curve();
  rows: EpochRow[] = [];
  marks: Mark[] = [];
  log: LoggedEvent[] = [];
  /** What a language model wrote last. */
  samples: Pick<RunEventOf<'samples'>, 'epoch' | 'samples'> | null = null;
  report: Report | null = null;
  failure: Failure | null = null;
  lastCheckpoint: number | null = null;
  /** Seconds at work: pauses and the time between a crash and the resumption don't count. */
  seconds = 0;
  private bestStep: number | null = null;
  private previous: RunEvent | null = null;
  private prepareBegan: RunEventOf<'prepare'> | null = null;

  apply(event: RunEvent): void {
    const last = this.previous;
    const idle = !last || last.type === 'paused' || event.type === 'resumed' || event.type === 'started';
    if (!idle) this.seconds += Math.max(0, event.time - last.time) / 1000;
    this.previous = event;
    this.write(event);
    switch (event.type) {
      case 'started':
        this.config = event.config;
        this.folder = event.run;
        this.epochs = event.config.phases.reduce((sum, phase) => sum + phase.epochs, 0);
        break;
      case 'resumed':
        this.goBackTo(event.step);
        break;
      case 'prepare':
        this.prepared(event);
        break;
      case 'phase':
        if (event.index > 0) this.mark(this.step, event.index, event.trainable);
        this.trainable = event.trainable;
        break;
      case 'freeze':
        this.mark(event.step, null, event.trainable);
        this.trainable = event.trainable;
        break;
      case 'step':
        this.stepped(event);
        break;
      case 'epoch':
        this.rows = [...this.rows.filter((row) => row.epoch < event.epoch), event];
        this.step = Math.max(this.step, event.step);
        break;
      case 'samples':
        this.samples = event;
        break;
      case 'checkpoint':
        this.lastCheckpoint = event.step;
        if (event.best) this.bestStep = event.step;
        break;
      case 'finished':
        this.report = event.report;
        this.peakMemory = event.report.peakMemoryBytes;
        break;
      case 'failed':
        this.failure = event.error;
        break;
      case 'data':
      case 'model':
      case 'warning':
      case 'paused':
      case 'continued':
      case 'stopped':
        break;
    }
  }

  /** The epoch under way, 1 is the first. */
  get epoch(): number {
    return Math.min(this.epochs, Math.floor(this.at(this.step) + 1e-9) + 1);
  }

  /** Where a step lies on the time axis, in epochs. */
  at(step: number): number {
    return this.totalSteps > 0 ? (step / this.totalSteps) * this.epochs : 0;
  }

  /** Share of all planned epochs that is done, 0 to 1. */
  get progress(): number {
    return this.epochs > 0 ? Math.min(1, this.at(this.step) / this.epochs) : 0;
  }

  /** The epoch whose weights are kept: as the run says, else that of the least validation loss. */
  get best(): EpochRow | null {
    const told = this.report?.best.epoch;
    const named = this.rows.find((row) => (told !== undefined ? row.epoch === told : row.step === this.bestStep));
    if (named) return named;
    return this.rows.reduce<EpochRow | null>(
      (best, row) => (row.validation && (!best?.validation || row.validation.loss < best.validation.loss) ? row : best),
      null,
    );
  }

  /** Seconds left at the pace of the last epochs; before the first has ended, at that of the steps so far. */
  get secondsLeft(): number | null {
    const recent = this.rows.slice(-3);
    const left = this.epochs - this.at(this.step);
    if (recent.length > 0) return (left * recent.reduce((sum, row) => sum + row.seconds, 0)) / recent.length;
    const perSecond = this.stepsPerSecond();
    return perSecond === null ? null : (this.totalSteps - this.step) / perSecond;
  }

  private firstStep: RunEventOf<'step'> | null = null;
  private latestStep: RunEventOf<'step'> | null = null;

  private stepsPerSecond(): number | null {
    if (!this.firstStep || !this.latestStep || this.latestStep.time <= this.firstStep.time) return null;
    return ((this.latestStep.step - this.firstStep.step) / (this.latestStep.time - this.firstStep.time)) * 1000;
  }

  private stepped(event: RunEventOf<'step'>): void {
    this.totalSteps = event.totalSteps;
    this.step = event.step;
    this.speed = event.examplesPerSecond;
    this.memory = event.memoryBytes;
    this.peakMemory = Math.max(this.peakMemory, event.memoryBytes);
    this.firstStep ??= event;
    this.latestStep = event;
    // An eighth of an epoch: batches' noise goes, what an epoch changes stays.
    const horizon = Math.max(4, event.totalSteps / Math.max(1, this.epochs) / 8);
    this.loss.push(event.step, event.loss, horizon);
    this.accuracy.push(event.step, event.accuracy, horizon);
  }

  private prepared(event: RunEventOf<'prepare'>): void {
    const first = this.prepareBegan && this.prepareBegan.done <= event.done ? this.prepareBegan : event;
    this.prepareBegan = first;
    const seconds = (event.time - first.time) / 1000;
    this.prepare = { done: event.done, total: event.total, perSecond: seconds > 0 ? (event.done - first.done) / seconds : 0 };
  }

  private mark(step: number, phase: number | null, after: readonly string[]): void {
    this.marks = [...this.marks, { step, phase, before: this.trainable ?? this.config?.phases[0]?.rules ?? [], after }];
  }

  private goBackTo(step: number): void {
    this.step = step;
    this.loss.cutAfter(step);
    this.accuracy.cutAfter(step);
    this.rows = this.rows.filter((row) => row.step <= step);
    this.marks = this.marks.filter((mark) => mark.step <= step);
    this.firstStep = null;
    this.latestStep = null;
    this.prepareBegan = null;
    this.failure = null;
    if (this.bestStep !== null && this.bestStep > step) this.bestStep = null;
  }

  private write(event: RunEvent): void {
    if (event.type === 'step' || event.type === 'data' || event.type === 'checkpoint') return;
    // Of features being prepared only the newest count stands in the log.
    const earlier = event.type === 'prepare' && this.log.at(-1)?.type === 'prepare' ? this.log.slice(0, -1) : this.log;
    this.log = [...earlier, event];
  }
}
