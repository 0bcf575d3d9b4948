import * as l10n from '@vscode/l10n';
import type { Tensor as OrtTensor } from 'onnxruntime-common';
import { ThawError } from '../../../protocol/failure';
import type { ComputeDevice } from '../../../protocol/runConfig';
import type { NamedTensors, Program, ProgramSpec, TensorData } from '../engine';
import { checkInputs, type Given } from '../inputs';
import { failed } from './failures';
import type { Value } from './graph';
import type { Ort, Session } from './ort';
import type { State } from './state';
import type { Table } from './tables';

/** A compiled step: a session of onnxruntime and the state that goes through it. */
export class OnnxProgram implements Program {
  private disposed = false;

  constructor(
    private readonly ort: Ort,
    private readonly session: Session,
    private readonly device: ComputeDevice,
    readonly state: State,
    private readonly inputs: ProgramSpec['inputs'],
    private readonly outputs: ReadonlyMap<string, Value>,
    private readonly tables: readonly Table[] = [],
  ) {}

  run(given: Given): Promise<Record<string, TensorData>> {
    return this.state.queue.turn(() => this.runNow(given));
  }

  private async runNow(given: Given): Promise<Record<string, TensorData>> {
    this.checkAlive();
    const feeds = this.inputFeeds(given);
    const fetches: Record<string, OrtTensor | null> = {};
    for (const value of this.outputs.values()) fetches[value.name] = null;
    const fed = new Set(this.session.inputNames);
    for (const { value, data } of this.tables) if (fed.has(value.name)) feeds[value.name] = this.tensor(value, data as Float32Array);
    for (const buffer of this.state.buffers) {
      const { input, output } = buffer;
      if (fed.has(input.name)) feeds[input.name] = this.tensor(input, this.state.dataOf(buffer));
      if (output) fetches[output.name] = this.tensor(output, this.state.nextOf(buffer));
    }
    const results = await this.session.run(feeds, fetches).catch((error: unknown) => {
      throw failed(error, l10n.t('A step failed while it ran.'), this.device);
    });
    this.state.swap();
    return Object.fromEntries([...this.outputs].map(([name, value]) => [name, dataOf(value, results[value.name] as OrtTensor)]));
  }

  private inputFeeds(given: Given): Record<string, OrtTensor> {
    const feeds: Record<string, OrtTensor> = {};
    checkInputs(this.inputs, given);
    const fed = new Set(this.session.inputNames);
    for (const [name, { shape, dtype }] of Object.entries(this.inputs)) {
      const key = `input:${name}`;
      if (fed.has(key)) feeds[key] = this.tensor({ name, shape, dtype }, given[name] as Float32Array | Int32Array);
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
    await this.state.queue.idle();
    await this.session.release();
  }

  private checkAlive(): void {
    if (this.disposed) throw new ThawError('engine.failed', l10n.t('The program was disposed of.'), l10n.t('Compile it again.'));
  }
}

function dataOf({ shape, dtype }: Value, tensor: OrtTensor): TensorData {
  return { shape, dtype: dtype === 'int32' ? 'int32' : 'float32', data: tensor.data as Float32Array | Int32Array };
}
