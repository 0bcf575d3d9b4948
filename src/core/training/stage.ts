import type { RunConfig } from '../../protocol/runConfig';
import type { Engine, NamedTensors, Program, ProgramSpec, TensorData } from '../engine/engine';
import type { ImageModel, Network } from '../models/model';
import { type Module, namesRead, type Shape } from '../nn';
import type { Selection } from './selection';
import type { AgeGroup, Slots } from './slots';
import { besideName, inferenceStep, trainingStep } from './steps';

/** What a model takes for one example: the batch is not in these shapes. */
export interface Reads {
  readonly x: Fed;
  /** By name: a text's mask and types (see Scope.beside). */
  readonly beside: Readonly<Record<string, Fed>>;
}
type Fed = ProgramSpec['inputs'][string];

export interface StageSpec {
  readonly engine: Engine;
  readonly model: Network;
  readonly reads: Reads;
  readonly selection: Selection;
  readonly batchSize: number;
  readonly config: Pick<RunConfig, 'optimizer' | 'labelSmoothing'>;
  readonly tensors: NamedTensors;
  readonly slots: Slots;
}

/** Pictures that go through the frozen front at once: so few that what lies between its layers stays in the processor's cache. */
const frontBatch = 4;

/** [B, …] by name, for the whole model. */
export type Beside = Readonly<Record<string, Float32Array | Int32Array>>;

export interface TrainingBatch {
  /** [B, …featureShape] */
  readonly x: Float32Array | Int32Array;
  readonly beside?: Beside;
  readonly labels: Int32Array;
  /** Of sum 1. */
  readonly weights: Float32Array;
  readonly learningRate: number;
}

/**
 * A model compiled for one set of learning layers: the frozen front as a program of constants (`features`), the rest as a
 * program that learns (`train`), and as one that only answers (`answer`), made when it is first needed.
 */
export class Stage {
  private updates = 0;
  private answer: Promise<Program> | null = null;

  private constructor(
    private readonly spec: StageSpec,
    /** Null where the first layers learn: then features are the pictures themselves. */
    private readonly front: Program | null,
    private readonly learner: Program,
    private readonly groups: readonly AgeGroup[],
    /** Of one example, where the frozen front ends. */
    readonly featureShape: Shape,
  ) {}

  /** @throws ThawError `engine.unsupported` | `engine.failed` | `config.invalid`. */
  static async compile(spec: StageSpec): Promise<Stage> {
    const { engine, model, selection, batchSize, config, tensors, slots } = spec;
    const head = model.chain.slice(0, selection.cut);
    const tail = model.chain.slice(selection.cut);
    const featureShape = head.reduce<Shape>((shape, module) => module.outputShape(shape), spec.reads.x.shape);
    const groups = slots.groups(selection.learning);
    const { reads } = spec;
    const x = { dtype: head.length > 0 ? 'float32' : reads.x.dtype, shape: [batchSize, ...featureShape] } as const;
    const frontSize = Math.min(frontBatch, batchSize);
    const rates = ['learningRate'];
    if (config.optimizer.name === 'adamw') groups.forEach((_, i) => void rates.push(`correction1.${i}`, `correction2.${i}`));
    const decayed = new Set([...selection.learning].filter((name) => (tensors.get(name) as TensorData).shape.length > 1));
    const front =
      head.length > 0
        ? await engine.compile(inferenceStep(head), {
            state: new Map(),
            constants: choose(tensors, namesIn(head)),
            inputs: { x: batched(reads.x, frontSize), ...besideInputs(reads, frontSize) },
          })
        : null;
    const learner = await engine.compile(trainingStep({ modules: tail, groups, decayed, ...config }), {
      ...splitTensors(tail, selection, tensors, slots.of(selection.learning, tensors)),
      inputs: {
        x,
        ...besideInputs(reads, batchSize),
        labels: { dtype: 'int32', shape: [batchSize] },
        weights: { dtype: 'float32', shape: [batchSize] },
        ...Object.fromEntries(rates.map((name) => [name, { dtype: 'float32', shape: [] }] as const)),
      },
    });
    return new Stage(spec, front, learner, groups, featureShape);
  }

  get selection(): Selection {
    return this.spec.selection;
  }

  get hasFront(): boolean {
    return this.front !== null;
  }

  /**
   * Pictures [B, 3, S, S] or ids [B, S] → what the learning layers take [B, …featureShape].
   * @param rows how many of them are wanted: the features of those after may be left 0
   */
  async features<Given extends Float32Array | Int32Array>(
    given: Given,
    rows = this.spec.batchSize,
    beside: Beside = {},
  ): Promise<Given | Float32Array> {
    if (!this.front) return given;
    const { batchSize, reads } = this.spec;
    const step = Math.min(frontBatch, batchSize);
    const width = sizeOf(this.featureShape);
    const features = new Float32Array(batchSize * width);
    for (let row = 0; row < rows; row += step) {
      const part = (data: Float32Array | Int32Array, { shape }: Fed) => rowsOf(data, row, step, sizeOf(shape));
      const others = Object.entries(beside).map(([name, data]) => [name, part(data, reads.beside[name] as Fed)] as const);
      const { y } = await this.front.run({ x: part(given, reads.x), ...besideFeeds(Object.fromEntries(others)) });
      const data = (y as TensorData).data as Float32Array;
      features.set(data.subarray(0, Math.min(data.length, features.length - row * width)), row * width);
    }
    return features;
  }

  /** One update of the learning layers. @returns the loss and the logits [B, classes] before it. */
  async train({ x, beside = {}, labels, weights, learningRate }: TrainingBatch): Promise<{ loss: number; logits: Float32Array }> {
    const rate = Float32Array.of(learningRate);
    const inputs: Record<string, Float32Array | Int32Array> = { x, ...besideFeeds(beside), labels, weights, learningRate: rate };
    const { optimizer } = this.spec.config;
    if (optimizer.name === 'adamw')
      for (const [i, { age }] of this.groups.entries()) {
        const t = age + this.updates + 1;
        inputs[`correction1.${i}`] = Float32Array.of(1 - optimizer.beta1 ** t);
        inputs[`correction2.${i}`] = Float32Array.of(1 - optimizer.beta2 ** t);
      }
    const { loss, logits } = (await this.learner.run(inputs)) as Record<'loss' | 'logits', TensorData>;
    this.updates++;
    return { loss: loss.data[0] as number, logits: logits.data as Float32Array };
  }

  /** Puts what was learned so far into maps of all tensors and all slots. */
  save(tensors: Map<string, TensorData>, slots: Slots): void {
    for (const [name, value] of this.learner.read()) {
      if (tensors.has(name)) tensors.set(name, value);
      else slots.values.set(name, value);
    }
    for (const { age, names } of this.groups) for (const name of names) slots.ages.set(name, age + this.updates);
  }

  /** Makes `logits` answer with these values of what learns. */
  async loadAnswer(tensors: NamedTensors): Promise<void> {
    const program = await this.answerProgram();
    const { learning, moving } = this.selection;
    program.write(choose(tensors, [...learning, ...moving]));
  }

  /** Makes `logits` answer with what has been learned so far. */
  async loadAnswerFromTraining(): Promise<void> {
    const { learning, moving } = this.selection;
    (await this.answerProgram()).write(this.learner.read([...learning, ...moving]));
  }

  /** Features [B, …featureShape] → logits [B, classes], in inference mode, as of the last load. */
  async logits(features: Float32Array | Int32Array, beside: Beside = {}): Promise<Float32Array> {
    const { y } = await (await this.answerProgram()).run({ x: features, ...besideFeeds(beside) });
    return (y as TensorData).data as Float32Array;
  }

  async dispose(): Promise<void> {
    await this.front?.dispose();
    await this.learner.dispose();
    await (await this.answer)?.dispose();
  }

  private answerProgram(): Promise<Program> {
    const { engine, model, reads, selection, batchSize, tensors } = this.spec;
    const dtype = this.hasFront ? 'float32' : reads.x.dtype;
    const tail = model.chain.slice(selection.cut);
    this.answer ??= engine.compile(inferenceStep(tail), {
      ...splitTensors(tail, selection, tensors, new Map()),
      inputs: { x: { dtype, shape: [batchSize, ...this.featureShape] }, ...besideInputs(reads, batchSize) },
    });
    return this.answer;
  }
}

/** [3, S, S] */
export function imageShape(model: ImageModel): Shape {
  return [3, model.input.size, model.input.size];
}

/** What an image classifier takes. */
export function readsPictures(model: ImageModel): Reads {
  return { x: { dtype: 'float32', shape: imageShape(model) }, beside: {} };
}

const sizeOf = (shape: Shape) => shape.reduce((a, b) => a * b, 1);

function batched({ dtype, shape }: Fed, batchSize: number): Fed {
  return { dtype, shape: [batchSize, ...shape] };
}

function besideInputs({ beside }: Reads, batchSize: number): ProgramSpec['inputs'] {
  return Object.fromEntries(Object.entries(beside).map(([name, fed]) => [besideName(name), batched(fed, batchSize)]));
}

function besideFeeds(beside: Beside): Record<string, Float32Array | Int32Array> {
  return Object.fromEntries(Object.entries(beside).map(([name, data]) => [besideName(name), data]));
}

/** Some rows; zeros after the last. */
function rowsOf(data: Float32Array | Int32Array, from: number, count: number, width: number): Float32Array | Int32Array {
  const rows = data.subarray(from * width, (from + count) * width);
  if (rows.length === count * width) return rows;
  const whole = new (data.constructor as Float32ArrayConstructor | Int32ArrayConstructor)(count * width);
  whole.set(rows);
  return whole;
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
