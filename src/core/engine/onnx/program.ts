import * as l10n from '@vscode/l10n';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { ThawError } from '../../../protocol/failure';
import type { NamedTensors, Program, ProgramSpec, TensorData } from '../engine';
import { failed } from './failures';
import type { Value } from './graph';
import type { Ort } from './runtime';
import { sizeOf } from './shapes';
import type { State, StateBuffer } from './state';

type Given = Readonly<Record<string, Float32Array | Int32Array>>;

/** A compiled step: a session of onnxruntime and the state that goes through it. */
export class OnnxProgram implements Program {
  private last: Promise<unknown> = Promise.resolve();
  private disposed = false;

  constructor(
    private readonly ort: Ort,
    private readonly session: InferenceSession,
    private readonly state: State,
    private readonly inputs: ProgramSpec['inputs'],
    private readonly outputs: ReadonlyMap<string, Value>,
  ) {}

  /** Runs that overlap are run one after another: each needs the state that the one before it leaves. */
  run(given: Given): Promise<Record<string, TensorData>> {
    const turn = this.last.then(() => this.runNow(given));
    this.last = turn.catch(() => {});
    return turn;
  }

  private async runNow(given: Given): Promise<Record<string, TensorData>> {
    this.checkAlive();
    const feeds = this.inputFeeds(given);
    const fetches: Record<string, OrtTensor | null> = {};
    for (const value of this.outputs.values()) fetches[value.name] = null;
    const fed = new Set(this.session.inputNames);
    for (const buffer of this.state.buffers) {
      const { input, output } = buffer;
      if (fed.has(input.name)) feeds[input.name] = this.tensor(input, this.state.dataOf(buffer));
      if (output) fetches[output.name] = this.tensor(input, this.state.nextOf(buffer));
    }
    const results = await this.session.run(feeds, fetches).catch((error: unknown) => {
      throw failed(error, l10n.t('A step failed while it ran.'));
    });
    this.state.swap();
    return Object.fromEntries([...this.outputs].map(([name, value]) => [name, dataOf(value, results[value.name] as OrtTensor)]));
  }

  private inputFeeds(given: Given): Record<string, OrtTensor> {
    const feeds: Record<string, OrtTensor> = {};
    const fed = new Set(this.session.inputNames);
    for (const [name, { shape, dtype }] of Object.entries(this.inputs)) {
      const data = given[name];
      const fits = dtype === 'int32' ? data instanceof Int32Array : data instanceof Float32Array;
      if (!data || !fits || data.length !== sizeOf(shape))
        throw badInput(l10n.t('The input "{0}" must be {1} [{2}].', name, dtype, `${shape}`));
      if (dtype === 'float32' && !allNumbers(data)) throw badInput(l10n.t('The input "{0}" holds values that are not numbers.', name));
      const key = `input:${name}`;
      if (fed.has(key)) feeds[key] = this.tensor({ name, shape, dtype }, data);
    }
    return feeds;
  }

  private tensor({ shape, dtype }: Value, data: Float32Array | Int32Array): OrtTensor {
    return new this.ort.Tensor(dtype as 'float32', data as Float32Array, shape);
  }

  read(names?: Iterable<string>): Map<string, TensorData> {
    this.checkAlive();
    return this.state.read(names);
  }

  write(values: NamedTensors): void {
    this.checkAlive();
    this.state.write(values);
  }

  async dispose(): Promise<void> {
    if (this.disposed) return;
    this.disposed = true;
    await this.last;
    await this.session.release();
  }

  private checkAlive(): void {
    if (this.disposed) throw new ThawError('engine.failed', l10n.t('The program was disposed of.'), l10n.t('Compile it again.'));
  }
}

/** The buffers of a state that the session knows. */
export function outputsOf(state: State): Value[] {
  return state.buffers.map((buffer: StateBuffer) => buffer.output).filter((output) => output !== null);
}

function dataOf({ shape, dtype }: Value, tensor: OrtTensor): TensorData {
  return { shape, dtype: dtype === 'int32' ? 'int32' : 'float32', data: tensor.data as Float32Array | Int32Array };
}

function allNumbers(data: Float32Array | Int32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i] as number) * 0; // NaN and ±∞ times zero are NaN
  return sum === 0;
}

function badInput(message: string): ThawError {
  return new ThawError('engine.failed', message, l10n.t('The data that the step was given is damaged, or of another shape.'));
}
