import type { RunConfig } from '../../protocol/runConfig';
import type { Engine, NamedTensors, Program, ProgramSpec, TensorData } from '../engine/engine';
import { dropoutKey } from '../engine/ops';
import type { Network } from '../models/model';
import { type Module, namesRead, type Shape } from '../nn';
import { Programs } from './programs';
import { type Beside, batched, besideFeeds, besideInputs, type Fed, type Reads, rowsOf, sizeOf } from './reads';
import type { Selection } from './selection';
import { type AgeGroup, Slots, slotName } from './slots';
import { addingStep, applyingStep, inferenceStep, sumKind, type TrainingStepSpec, tokenStep, trainingStep } from './steps';

export interface StageSpec {
  readonly engine: Engine;
  readonly model: Network;
  /** The shapes that batches may have. */
  readonly forms: readonly Reads[];
  readonly selection: Selection;
  readonly batchSize: number;
  readonly config: Pick<RunConfig, 'optimizer' | 'labelSmoothing'> &
    Partial<Pick<RunConfig, 'gradientClipping' | 'gradientAccumulation' | 'seed'>>;
  readonly tensors: NamedTensors;
  readonly slots: Slots;
}

/**
 * Examples that go through the frozen front at once: so few that what lies between its layers stays in the processor's cache,
 * but of short texts as many as make products of so many rows.
 */
const frontBatch = 4;
const frontTokens = 384;

/** A batch of one form, the first unless it says another. */
export interface StageBatch {
  readonly form?: number;
  /** [B, …featureShape] */
  readonly x: Float32Array | Int32Array;
  readonly beside?: Beside;
}

export interface TrainingBatch extends StageBatch {
  /** [B, …labels] */
  readonly labels: Int32Array;
  /** As the labels; of sum 1, but where the batch is a part of an update or its examples are windows. */
  readonly weights: Float32Array;
  /** The number of the update in its run, from 0: dropout draws by it. */
  readonly step?: number;
}

/** A batch's loss Σ wᵢ lᵢ, and what was said of it, one for each label. */
export interface Learned {
  readonly loss: number;
  readonly predicted: Int32Array;
}
type Feeds = Record<string, Float32Array | Int32Array>;

/** What is said of every token of a batch. */
export interface TokenAnswers {
  /** Cross-entropies in nats [B·T]. */
  readonly losses: Float32Array;
  /** [B·T] */
  readonly predicted: Int32Array;
}

/**
 * A model compiled for one set of learning layers: the frozen front as a program of constants (`features`), the rest as a
 * program that learns (`train`), and as one that only answers. Each is there once for every form that was met; those that
 * learn work on one state.
 */
export class Stage {
  private updates = 0;
  /** Batches that wait for their update. */
  private added = 0;
  private readonly fronts = new Programs();
  private readonly learners = new Programs();
  private readonly answers = new Programs();

  private constructor(
    private readonly spec: StageSpec,
    private readonly groups: readonly AgeGroup[],
  ) {}

  /** Compiles for the last form, which is the largest; the others when they are met. @throws ThawError `engine.unsupported` | `engine.failed` | `config.invalid`. */
  static async compile(spec: StageSpec): Promise<Stage> {
    const stage = new Stage(spec, spec.slots.groups(spec.selection.learning));
    const last = spec.forms.length - 1;
    if (stage.hasFront) await stage.front(last);
    if (stage.adds) await stage.applier(); // first, as it decides how the state lies
    await stage.learner(last);
    return stage;
  }

  get selection(): Selection {
    return this.spec.selection;
  }

  get hasFront(): boolean {
    return this.spec.selection.cut > 0;
  }

  /** Of one example, where the frozen front ends; what the model itself takes where there is none. */
  featureShape(form = 0): Shape {
    return this.head.reduce<Shape>((shape, module) => module.outputShape(shape), this.reads(form).x.shape);
  }

  /**
   * Pictures [B, 3, S, S] or ids [B, S] → what the learning layers take [B, …featureShape].
   * @param rows how many of them are wanted: the features of those after may be left 0
   */
  async features({ form = 0, x: given, beside = {} }: StageBatch, rows = this.spec.batchSize): Promise<Float32Array | Int32Array> {
    if (!this.hasFront) return given;
    const { batchSize } = this.spec;
    const reads = this.reads(form);
    const front = await this.front(form);
    const step = frontRows(reads, batchSize);
    const width = sizeOf(this.featureShape(form));
    const features = new Float32Array(batchSize * width);
    for (let row = 0; row < rows; row += step) {
      const part = (data: Float32Array | Int32Array, { shape }: Fed) => rowsOf(data, row, step, sizeOf(shape));
      const others = Object.entries(reads.beside).map(([name, fed]) => [name, part(beside[name] as Int32Array, fed)] as const);
      const { y } = await front.run({ x: part(given, reads.x), ...besideFeeds(Object.fromEntries(others)) });
      const data = (y as TensorData).data as Float32Array;
      features.set(data.subarray(0, Math.min(data.length, features.length - row * width)), row * width);
    }
    return features;
  }

  /** One update of the learning layers. @returns what they said before it. */
  async train({ learningRate, ...batch }: TrainingBatch & { readonly learningRate: number }): Promise<Learned> {
    const learned = await this.learn(batch, this.rates(learningRate));
    this.updates++;
    return learned;
  }

  /** A part of an update that is made from several batches (`gradientAccumulation`): nothing learns before `apply`. */
  async add(batch: TrainingBatch): Promise<Learned> {
    const learned = await this.learn(batch, {});
    this.added++;
    return learned;
  }

  /** The update by the mean over all that was added. @param weight the sum of all their weights */
  async apply(weight: number, learningRate: number): Promise<void> {
    await (await this.applier()).run({ weight: Float32Array.of(weight), ...this.rates(learningRate) });
    this.updates++;
    this.added = 0;
  }

  private async learn({ form = 0, x, beside = {}, labels, weights, step = 0 }: TrainingBatch, rates: Feeds): Promise<Learned> {
    const dropout = dropoutKey(this.spec.config.seed ?? 0, step, ...(this.added > 0 ? [this.added] : []));
    const inputs = { x, ...besideFeeds(beside), labels, weights, dropout, ...rates };
    const { loss, predicted } = (await (await this.learner(form)).run(inputs)) as Record<'loss' | 'predicted', TensorData>;
    return { loss: loss.data[0] as number, predicted: predicted.data as Int32Array };
  }

  /** What the optimizer takes. */
  private rates(learningRate: number): Feeds {
    const { optimizer } = this.spec.config;
    const rates: Feeds = { learningRate: Float32Array.of(learningRate) };
    if (optimizer.name === 'adamw')
      for (const [i, { age }] of this.groups.entries()) {
        const t = age + this.updates + 1;
        rates[`correction1.${i}`] = Float32Array.of(1 - optimizer.beta1 ** t);
        rates[`correction2.${i}`] = Float32Array.of(1 - optimizer.beta2 ** t);
      }
    return rates;
  }

  /** Puts what was learned so far into maps of all tensors and all slots. */
  save(tensors: Map<string, TensorData>, slots: Slots): void {
    for (const [name, value] of this.learned()) {
      if (tensors.has(name)) tensors.set(name, value);
      else if (!name.startsWith(slotName(sumKind, ''))) slots.values.set(name, value); // between updates sums are 0
    }
    for (const { age, names } of this.groups) for (const name of names) slots.ages.set(name, age + this.updates);
  }

  /** Makes `logits` and `tokens` answer with these values of what learns. */
  async loadAnswer(tensors: NamedTensors): Promise<void> {
    (await this.answer(this.spec.forms.length - 1)).write(choose(tensors, this.changing));
  }

  /** Makes `logits` and `tokens` answer with what has been learned so far. */
  loadAnswerFromTraining(): Promise<void> {
    return this.loadAnswer(this.learned(this.changing));
  }

  /** Features → logits [B, classes], in inference mode, as of the last load. */
  async logits({ form = 0, x, beside = {} }: StageBatch): Promise<Float32Array> {
    const { y } = await (await this.answer(form)).run({ x, ...besideFeeds(beside) });
    return (y as TensorData).data as Float32Array;
  }

  /** Features → what is said of each token, as of the last load. */
  async tokens({ form = 0, x, beside = {}, labels }: StageBatch & { readonly labels: Int32Array }): Promise<TokenAnswers> {
    const { losses, predicted } = await (await this.answer(form)).run({ x, ...besideFeeds(beside), labels });
    return { losses: losses?.data as Float32Array, predicted: predicted?.data as Int32Array };
  }

  async dispose(): Promise<void> {
    for (const programs of [this.fronts, this.learners, this.answers]) await programs.dispose();
  }

  private get head(): readonly Module[] {
    return this.spec.model.chain.slice(0, this.spec.selection.cut);
  }

  private get tail(): readonly Module[] {
    return this.spec.model.chain.slice(this.spec.selection.cut);
  }

  private get changing(): string[] {
    return [...this.spec.selection.learning, ...this.spec.selection.moving];
  }

  /** Whether there are several forms: each would keep room of its own, the longest, which is seldom met, the most. */
  private readonly isLean = () => this.spec.forms.length > 1;

  private reads(form: number): Reads {
    return this.spec.forms[form] as Reads;
  }

  private learned(names?: readonly string[]): Map<string, TensorData> {
    return (this.learners.first as Program).read(names);
  }

  private front(form: number): Promise<Program> {
    const { engine, tensors } = this.spec;
    const reads = this.reads(form);
    const size = frontRows(reads, this.spec.batchSize);
    return this.fronts.of(form, () =>
      engine.compile(inferenceStep(this.head), {
        state: new Map(),
        constants: choose(tensors, namesIn(this.head)),
        inputs: { x: batched(reads.x, size), ...besideInputs(reads, size) },
        lean: this.isLean(),
      }),
    );
  }

  private learner(form: number): Promise<Program> {
    const { engine } = this.spec;
    const { x, beside, labels } = this.fed(form);
    const step = this.adds ? addingStep(this.step) : trainingStep(this.step);
    return this.learners.of(form, (sharing) =>
      engine.compile(step, {
        ...this.split,
        inputs: {
          x,
          ...beside,
          labels,
          weights: { ...labels, dtype: 'float32' },
          dropout: { dtype: 'int32', shape: [2] },
          ...(this.adds ? {} : scalars(this.rates(0))),
        },
        sharing,
        lean: this.isLean(),
      }),
    );
  }

  private applier(): Promise<Program> {
    const { engine } = this.spec;
    const inputs = { ...scalars(this.rates(0)), ...scalars({ weight: Float32Array.of(0) }) };
    return this.learners.of(applierForm, () => engine.compile(applyingStep(this.step), { ...this.split, constants: new Map(), inputs }));
  }

  private get adds(): boolean {
    return (this.spec.config.gradientAccumulation ?? 1) > 1;
  }

  private get step(): TrainingStepSpec {
    const { selection, config, tensors } = this.spec;
    const { optimizer, labelSmoothing, gradientClipping = 0 } = config;
    const decayed = new Set([...selection.learning].filter((name) => (tensors.get(name) as TensorData).shape.length > 1));
    return { modules: this.tail, groups: this.groups, decayed, optimizer, labelSmoothing, gradientClipping };
  }

  /** What changes while the layers learn, and what does not. */
  private get split(): Pick<ProgramSpec, 'state' | 'constants'> {
    const { selection, tensors, slots } = this.spec;
    const sums = this.adds ? new Slots([sumKind]).of(selection.learning, tensors) : [];
    return splitTensors(this.tail, selection, tensors, new Map([...slots.of(selection.learning, tensors), ...sums]));
  }

  private answer(form: number): Promise<Program> {
    const { engine, selection, tensors } = this.spec;
    const { x, beside, labels } = this.fed(form);
    const tells = this.reads(form).labels.length > 0;
    return this.answers.of(form, (sharing) =>
      engine.compile(tells ? tokenStep(this.tail) : inferenceStep(this.tail), {
        ...splitTensors(this.tail, selection, tensors, new Map()),
        inputs: { x, ...beside, ...(tells && { labels }) },
        sharing,
        lean: true, // what learns needs more
      }),
    );
  }

  /** What the learning layers take of a form. */
  private fed(form: number): { x: Fed; beside: Record<string, Fed>; labels: Fed } {
    const { batchSize } = this.spec;
    const reads = this.reads(form);
    const dtype = this.hasFront ? 'float32' : reads.x.dtype;
    return {
      x: { dtype, shape: [batchSize, ...this.featureShape(form)] },
      beside: besideInputs(reads, batchSize),
      labels: { dtype: 'int32', shape: [batchSize, ...reads.labels] },
    };
  }
}

/** Examples that go through the frozen front at once. */
export function frontRows({ x }: Reads, batchSize: number): number {
  const rows = x.dtype === 'int32' ? frontBatch * Math.ceil(frontTokens / sizeOf(x.shape) / frontBatch) : frontBatch;
  return Math.min(rows, batchSize);
}

/** In the place of a form: the program that applies what others have added. */
const applierForm = -1;

function scalars(feeds: Feeds): ProgramSpec['inputs'] {
  return Object.fromEntries(Object.keys(feeds).map((name) => [name, { dtype: 'float32', shape: [] }] as const));
}

/** What their programs need: tensors of their own, and those that they share with other modules. */
export function namesIn(modules: readonly Module[]): string[] {
  return [...namesRead(modules)];
}

export function choose(tensors: NamedTensors, names: Iterable<string>): Map<string, TensorData> {
  return new Map([...names].map((name) => [name, tensors.get(name) as TensorData]));
}

/** What changes while these modules learn, and what does not. */
function splitTensors(
  modules: readonly Module[],
  { learning, moving }: Selection,
  tensors: NamedTensors,
  slots: NamedTensors,
): Pick<ProgramSpec, 'state' | 'constants'> {
  const changes = (name: string) => learning.has(name) || moving.has(name);
  const names = namesIn(modules);
  return {
    state: new Map([...choose(tensors, names.filter(changes)), ...slots]),
    constants: choose(
      tensors,
      names.filter((name) => !changes(name)),
    ),
  };
}
