import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import type { TensorData } from '../engine/engine';
import { Global, type Pickled, PickleError, type PickleHost } from './pickle';
import type { ElementType } from './safetensorsHeader';

const storageTypes: Readonly<Record<string, ElementType>> = {
  'torch.FloatStorage': 'F32',
  'torch.DoubleStorage': 'F64',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};
const functions = new Set([
  'torch._utils._rebuild_tensor',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
  'collections.OrderedDict',
]);

/** A block of elements that tensors are views of; its values come after the pickle. */
export class Storage {
  values: TensorData['data'] | null = null;
  constructor(
    readonly type: ElementType,
    readonly key: string,
    readonly count: number,
  ) {}
}

/** A view of a storage, sizes and strides in elements. */
export class StoredTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** Lets a pickle make tensors and dictionaries and nothing else. */
export class TensorHost implements PickleHost {
  readonly storages = new Map<string, Storage>();
  constructor(private readonly path: string) {}

  /** @throws ThawError `model.unsupported` that names what else was asked for. */
  global(name: string): Global {
    if (functions.has(name) || storageTypes[name]) return new Global(name);
    throw new ThawError(
      'model.unsupported',
      l10n.t('The checkpoint asks for "{0}", which is neither a tensor nor a dictionary. It was not run.', name),
      l10n.t('Save only the weights, with torch.save(model.state_dict(), …) or safetensors, and try again.'),
      { path: this.path },
    );
  }

  call({ name }: Global, args: Pickled[]): Pickled {
    switch (name) {
      case 'collections.OrderedDict':
        return new Map();
      case 'torch._utils._rebuild_parameter':
        return args[0] as Pickled;
      case 'torch._utils._rebuild_tensor':
      case 'torch._utils._rebuild_tensor_v2': {
        const [storage, offset, shape, strides] = args;
        if (!isObject(storage) || !(storage.object instanceof Storage) || !isCount(offset) || !areCounts(shape) || !areCounts(strides))
          throw new PickleError('a tensor is described in a way that is not understood');
        return { object: new StoredTensor(storage.object, offset, shape, strides) };
      }
      default:
        throw new PickleError(`${name} is not a function`);
    }
  }

  /** ('storage', type, key, location, count[, None]) */
  persistent(id: Pickled): Pickled {
    const [kind, type, key, , count, view] = Array.isArray(id) ? id : [];
    const element = type instanceof Global ? storageTypes[type.name] : undefined;
    if (kind !== 'storage' || !element || typeof key !== 'string' || !isCount(count) || (view !== undefined && view !== null))
      throw new PickleError('a storage is described in a way that is not understood');
    const known = this.storages.get(key) ?? new Storage(element, key, count);
    if (known.type !== element || known.count !== count) throw new PickleError(`the storage ${key} is described twice, differently`);
    this.storages.set(key, known);
    return { object: known };
  }
}

/** Where training scripts put the state dict in what they save. */
const nests = ['state_dict', 'model_state_dict', 'model'];

/** The tensors of a state dict by name, as it is or nested; without the `module.` of PyTorch's DataParallel. */
export function storedTensors(value: Pickled): Map<string, StoredTensor> {
  for (const candidate of [value, ...(value instanceof Map ? nests.map((name) => value.get(name)) : [])]) {
    if (!(candidate instanceof Map)) continue;
    const tensors = new Map<string, StoredTensor>();
    for (const [name, entry] of candidate) {
      if (typeof name === 'string' && isObject(entry) && entry.object instanceof StoredTensor) tensors.set(name, entry.object);
    }
    if (tensors.size > 0) return withoutPrefix(tensors);
  }
  throw new PickleError('there is no tensor in it');
}

function withoutPrefix(tensors: Map<string, StoredTensor>): Map<string, StoredTensor> {
  const prefix = 'module.';
  if (![...tensors.keys()].every((name) => name.startsWith(prefix))) return tensors;
  return new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/**
 * The tensors' values. A tensor in row-major order shares its storage's array; others are copied, in all no more elements
 * than the storages have, so that strides of zero cannot make a small file large.
 */
export function gather(tensors: ReadonlyMap<string, StoredTensor>): Map<string, TensorData> {
  let allowed = [...new Set([...tensors.values()].map((t) => t.storage))].reduce((sum, storage) => sum + storage.count, 0);
  const gathered = new Map<string, TensorData>();
  for (const [name, { storage, offset, shape, strides }] of tensors) {
    const values = storage.values;
    const size = shape.reduce((a, b) => a * b, 1);
    const last = offset + shape.reduce((sum, side, i) => sum + (side - 1) * (strides[i] ?? 0), 0);
    if (!values || strides.length !== shape.length || (size > 0 && last >= storage.count))
      throw new PickleError(`the tensor ${name} reaches past its storage`);
    let data: TensorData['data'];
    if (isRowMajor(shape, strides)) {
      data = values.subarray(offset, offset + size);
    } else {
      allowed -= size;
      if (!(allowed >= 0)) throw new PickleError(`the tensor ${name} is larger than its storage`);
      data = copied(values, offset, shape, strides, size);
    }
    gathered.set(name, { dtype: data instanceof Float32Array ? 'float32' : 'int32', shape, data });
  }
  return gathered;
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== expected) return false;
    expected *= shape[i] as number;
  }
  return true;
}

function copied(
  values: TensorData['data'],
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
  size: number,
): TensorData['data'] {
  const data = values instanceof Float32Array ? new Float32Array(size) : new Int32Array(size);
  for (let i = 0; i < size; i++) {
    let rest = i;
    let from = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const side = shape[axis] as number;
      from += (rest % side) * (strides[axis] as number);
      rest = Math.floor(rest / side);
    }
    data[i] = values[from] as number;
  }
  return data;
}

function isObject(value: Pickled | undefined): value is { readonly object: unknown } {
  return typeof value === 'object' && value !== null && 'object' in value;
}
function isCount(value: Pickled | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
function areCounts(value: Pickled | undefined): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}
