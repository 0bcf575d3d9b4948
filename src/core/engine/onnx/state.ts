import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import type { NamedTensors, TensorData } from '../engine';
import { Queue } from '../queue';
import type { Graph, Value } from './graph';
import type { Recording } from './recorder';
import { joinPieces } from './runs';
import { sameShape, sizeOf } from './shapes';

/** Tensors up to this size share one vector: hundreds of small ones cost more to pass than to compute. */
const packedUpTo = 65536;

/** The name of the vector in which small ones lie. */
const vectorName = 'state';

/** Where a piece of state lives: elements [offset, offset + size) of a buffer that the session reads and writes whole. */
interface Slot {
  readonly buffer: string;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly dtype: TensorData['dtype'];
}

type Elements = Float32Array | Int32Array;

/** A graph input that holds state and, where the step changes it, the output that replaces it: the same elements, maybe in another shape. */
export interface StateBuffer {
  readonly input: Value;
  readonly output: Value | null;
}

/**
 * The state of a program. Each buffer that changes exists twice: a run reads one and writes the other, and only a run that
 * succeeded swaps them. So a failed run changes nothing, and nothing is copied, but for what lies in one vector with others that
 * change.
 */
export class State {
  readonly buffers: StateBuffer[] = [];
  readonly queue: Queue;
  private readonly slots = new Map<string, Slot>();
  private readonly current: Map<string, Elements>;
  private readonly next: Map<string, Elements>;

  /**
   * Adds to the recorded graph what unpacks and packs the state.
   * @param shared another program's, whose buffers this one uses; its values then stand, and not `values`
   */
  constructor({ graph, state, nextState }: Recording, values: NamedTensors, shared?: State) {
    this.queue = shared?.queue ?? new Queue();
    this.current = shared?.current ?? new Map();
    this.next = shared?.next ?? new Map();
    const packed = shared ? shared.packed : smallNames(state, nextState);
    if (packed.length > 1) this.pack(graph, state, nextState, packed);
    for (const [name, input] of state) {
      if (this.slots.has(name)) continue;
      const output = nextState.get(name);
      const { shape, dtype } = values.get(name) as TensorData;
      this.slots.set(name, { buffer: input.name, offset: 0, shape, dtype });
      this.addBuffer(input, output ? graph.output(asComputed(graph, output)) : null);
    }
    if (shared) this.requireSame(shared);
    else this.write(values);
  }

  private requireSame({ slots }: State): void {
    const places = (of: ReadonlyMap<string, Slot>) => JSON.stringify([...of].sort(([a], [b]) => (a < b ? -1 : 1)));
    if (places(slots) !== places(this.slots)) throw misfit(l10n.t('Two programs that share their state keep it in different ways.'));
  }

  /** Names of what lies in one vector, in their order. */
  private get packed(): string[] {
    return [...this.slots].flatMap(([name, { buffer }]) => (buffer === vectorName ? [name] : []));
  }

  private pack(graph: Graph, state: ReadonlyMap<string, Value>, nextState: ReadonlyMap<string, Value>, names: readonly string[]): void {
    const inputs = names.map((name) => {
      const input = state.get(name);
      if (!input) throw misfit(l10n.t('Two programs that share their state keep it in different ways.'));
      return input;
    });
    const sizes = inputs.map(({ shape }) => sizeOf(shape));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const vector = graph.input(vectorName, [total], 'float32');
    graph.unpack(vector, inputs);
    const flat = names.map((name, i) => graph.reshape((nextState.get(name) ?? inputs[i]) as Value, [sizes[i] as number]));
    const changes = names.some((name) => nextState.has(name));
    let offset = 0;
    names.forEach((name, i) => {
      this.slots.set(name, { buffer: vector.name, offset, shape: (inputs[i] as Value).shape, dtype: 'float32' });
      offset += sizes[i] as number;
    });
    this.addBuffer(vector, changes ? graph.concat(flat, 0) : null);
    joinPieces(graph);
  }

  private addBuffer(input: Value, output: Value | null): void {
    const size = sizeOf(input.shape);
    const empty = () => (input.dtype === 'int32' ? new Int32Array(size) : new Float32Array(size));
    this.buffers.push({ input, output });
    if (!this.current.has(input.name)) this.current.set(input.name, empty());
    if (output && !this.next.has(input.name)) this.next.set(input.name, empty());
  }

  /** What a run reads. */
  dataOf({ input }: StateBuffer): Elements {
    return this.current.get(input.name) as Elements;
  }

  /** What a run writes. */
  nextOf({ input }: StateBuffer): Elements {
    return this.next.get(input.name) as Elements;
  }

  /** After a run: what it wrote is what the next one reads. */
  swap(): void {
    for (const buffer of this.buffers) {
      if (!buffer.output) continue;
      const { name } = buffer.input;
      const written = this.nextOf(buffer);
      this.next.set(name, this.dataOf(buffer));
      this.current.set(name, written);
    }
  }

  read(names: Iterable<string> = this.slots.keys()): Map<string, TensorData> {
    const tensors = new Map<string, TensorData>();
    for (const name of names) {
      const slot = this.slotOf(name);
      const { shape, dtype } = slot;
      tensors.set(name, { shape, dtype, data: this.elementsOf(slot).slice() });
    }
    return tensors;
  }

  write(values: NamedTensors): void {
    const slots = [...values].map(([name, tensor]) => {
      const slot = this.slotOf(name);
      if (!sameShape(slot.shape, tensor.shape) || slot.dtype !== tensor.dtype || tensor.data.length !== sizeOf(slot.shape))
        throw misfit(
          l10n.t('The state "{0}" is {1} [{2}], not {3} [{4}].', name, slot.dtype, `${slot.shape}`, tensor.dtype, `${tensor.shape}`),
        );
      return slot;
    });
    let i = 0;
    for (const { data } of values.values()) this.elementsOf(slots[i++] as Slot).set(data);
  }

  private slotOf(name: string): Slot {
    const slot = this.slots.get(name);
    if (!slot) throw misfit(l10n.t('The program has no state "{0}".', name));
    return slot;
  }

  private elementsOf({ buffer, offset, shape }: Slot): Elements {
    return (this.current.get(buffer) as Elements).subarray(offset, offset + sizeOf(shape));
  }
}

/** Before it got its last shape, which would be another copy of it: optimizers compute on flat vectors. */
function asComputed(graph: Graph, value: Value): Value {
  const origin = value.blocks ? undefined : graph.originOf(value);
  return origin?.operator === 'Reshape' && graph.originOf(origin.inputs[0] as Value) ? (origin.inputs[0] as Value) : value;
}

/**
 * Names of the small pieces, which share one vector: those that change in the order in which the step gives them, so that an
 * optimizer takes them in one stretch, then the others. None where nothing changes.
 */
function smallNames(state: ReadonlyMap<string, Value>, nextState: ReadonlyMap<string, Value>): string[] {
  if (nextState.size === 0) return [];
  const names = [...nextState.keys(), ...[...state.keys()].filter((name) => !nextState.has(name))];
  return names.filter((name) => {
    const { dtype, shape } = state.get(name) as Value;
    return dtype === 'float32' && sizeOf(shape) <= packedUpTo;
  });
}

function misfit(message: string): ThawError {
  return new ThawError('engine.failed', message, l10n.t('Start a new run: the model or the optimizer has changed.'));
}
