import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import type { NamedTensors, Program, ProgramSpec, Step, TensorData, Tensors } from '../engine';
import { checkInputs, type Given } from '../inputs';
import { Queue } from '../queue';
import * as tf from '../tf';
import { dependsOnValues, failed, notCompiled, unsupported } from './failures';
import { staged } from './stage';

interface Returned {
  readonly outputs: Tensors;
  /** State that the step returns, without what it returns as it came. */
  readonly next: Tensors;
  readonly keep: (tensor: tf.Tensor) => tf.Tensor;
}

/** What one program changes, or several that share it. */
interface SharedState {
  readonly tensors: Map<string, tf.Tensor>;
  readonly queue: Queue;
  /** Programs that were not disposed of. */
  users: number;
}

/** A step that tfjs runs as it is, and its state, which stays in the backend's memory. */
export class StockProgram implements Program {
  private disposed = false;
  private readonly shared: SharedState;
  private readonly constants: Map<string, tf.Tensor>;
  private readonly inputs: ProgramSpec['inputs'];

  constructor(
    private readonly backendName: string,
    private readonly step: Step,
    { state, constants, inputs, sharing }: ProgramSpec,
  ) {
    this.shared = sharing instanceof StockProgram ? sharing.shared : { tensors: this.tensors(state), queue: new Queue(), users: 0 };
    this.shared.users++;
    this.constants = this.tensors(constants);
    this.inputs = inputs;
  }

  private get state(): Map<string, tf.Tensor> {
    return this.shared.tensors;
  }

  /**
   * A first run on zeros, without effect: what the step cannot do shows now.
   * @throws ThawError `engine.unsupported` | `engine.outOfMemory` | `engine.failed`, and what the step itself throws
   */
  rehearse(): void {
    const zeros = Object.entries(this.inputs).map(([name, { dtype, shape }]) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return [name, dtype === 'int32' ? new Int32Array(size) : new Float32Array(size)] as const;
    });
    try {
      this.perform(Object.fromEntries(zeros), () => {});
    } catch (error) {
      if (dependsOnValues(error)) return;
      this.release();
      throw notCompiled(error);
    }
  }

  run(given: Given): Promise<Record<string, TensorData>> {
    return this.shared.queue.turn(() => breath().then(() => this.runNow(given)));
  }

  private runNow(given: Given): Record<string, TensorData> {
    this.checkAlive();
    checkInputs(this.inputs, given);
    let results: Record<string, TensorData> = {};
    try {
      this.perform(given, ({ outputs, next, keep }) => {
        results = Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, this.dataOf(tensor)]));
        const kept = Object.entries(next).map(([name, tensor]) => [name, keep(tensor.clone())] as const);
        for (const [name, tensor] of kept) {
          this.state.get(name)?.dispose();
          this.state.set(name, tensor);
        }
      });
    } catch (error) {
      throw failed(error, l10n.t('A step failed while it ran.'));
    }
    return results;
  }

  /** Hands what the step returns to `use`; the tensors live no longer. */
  private perform(given: Given, use: (returned: Returned) => void): void {
    staged(this.backendName, ({ keep, checkReads }) => {
      const inputs = Object.entries(this.inputs).map(([name, { dtype, shape }]) => {
        const data = (given[name] as Float32Array).slice(); // TensorFlow goes on using this memory
        return [name, tf.tensor(data, [...shape], dtype)] as const;
      });
      const { outputs, state: next = {} } = this.step({
        inputs: Object.fromEntries(inputs),
        state: Object.fromEntries(this.state),
        constants: Object.fromEntries(this.constants),
      });
      checkReads();
      this.checkState(next);
      use({ outputs, next: Object.fromEntries(Object.entries(next).filter(([name, tensor]) => tensor !== this.state.get(name))), keep });
    });
  }

  read(names: Iterable<string> = this.state.keys()): Map<string, TensorData> {
    this.checkAlive();
    return new Map([...names].map((name) => [name, this.dataOf(this.stateOf(name))]));
  }

  write(values: NamedTensors): void {
    this.checkAlive();
    for (const [name, { dtype, shape, data }] of values) {
      const old = this.stateOf(name);
      if (old.dtype !== dtype || `${old.shape}` !== `${shape}` || data.length !== old.size)
        throw misfit(l10n.t('The state "{0}" is {1} [{2}], not {3} [{4}].', name, old.dtype, `${old.shape}`, dtype, `${shape}`));
    }
    for (const [name, tensor] of this.tensors(values)) {
      this.state.get(name)?.dispose();
      this.state.set(name, tensor);
    }
  }

  async dispose(): Promise<void> {
    if (this.disposed) return;
    this.disposed = true;
    await this.shared.queue.idle();
    this.release();
  }

  private release(): void {
    this.disposed = true;
    const left = --this.shared.users === 0 ? [...this.state.values()] : [];
    for (const tensor of [...left, ...this.constants.values()]) tensor.dispose();
  }

  /** Copies: TensorFlow goes on using the memory that it is given. */
  private tensors(values: NamedTensors): Map<string, tf.Tensor> {
    const engine = tf.engine();
    const backend = engine.findBackend(this.backendName);
    const tensor = ({ data, shape, dtype }: TensorData) => tf.keep(engine.makeTensor(data.slice(), [...shape], dtype, backend));
    return new Map([...values].map(([name, value]) => [name, tensor(value)]));
  }

  private dataOf({ dataId, shape, dtype }: tf.Tensor): TensorData {
    const data = tf.engine().findBackend(this.backendName).readSync(dataId) as Float32Array | Int32Array | Uint8Array;
    if (data instanceof Uint8Array) return { shape, dtype: 'int32', data: Int32Array.from(data) }; // truth values
    return { shape, dtype: dtype === 'int32' ? dtype : 'float32', data: data.slice() };
  }

  private stateOf(name: string): tf.Tensor {
    const tensor = this.state.get(name);
    if (!tensor) throw misfit(l10n.t('The program has no state "{0}".', name));
    return tensor;
  }

  private checkState(next: Tensors): void {
    for (const [name, { shape, dtype }] of Object.entries(next)) {
      const old = this.state.get(name);
      if (!old) throw unsupported(l10n.t('The step returns the state "{0}", which it was not given.', name));
      if (old.dtype !== dtype || `${old.shape}` !== `${shape}`)
        throw unsupported(
          l10n.t('The step returns the state "{0}" as {1} [{2}]; it is {3} [{4}].', name, dtype, `${shape}`, old.dtype, `${old.shape}`),
        );
    }
  }

  private checkAlive(): void {
    if (this.disposed) throw new ThawError('engine.failed', l10n.t('The program was disposed of.'), l10n.t('Compile it again.'));
  }
}

/** A run blocks its thread: whoever waits for a message or a timer gets a turn before it. */
const breath = () => new Promise((resolve) => setImmediate(resolve));

function misfit(message: string): ThawError {
  return new ThawError('engine.failed', message, l10n.t('Start a new run: the model or the optimizer has changed.'));
}
