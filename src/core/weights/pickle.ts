import type { Cursor } from './cursor';

/**
 * What a pickle may hold here. Tuples and lists are arrays, dictionaries are Maps; `object` is what the host made of a
 * function call or of a persistent id.
 */
export type Pickled = null | boolean | number | bigint | string | Pickled[] | PickledMap | Global | { readonly object: unknown };
export interface PickledMap extends Map<Pickled, Pickled> {}

/** A name that the pickle asks for; by itself it does nothing. */
export class Global {
  constructor(readonly name: string) {}
}

/** Everything that a pickle can bring about goes through these three. Each may throw. */
export interface PickleHost {
  /** A class or function by its full name, `torch._utils._rebuild_tensor_v2`. */
  global(name: string): Global;
  call(callable: Global, args: Pickled[]): Pickled;
  persistent(id: Pickled): Pickled;
}

/** Thrown for what is not a pickle or uses what tensors do not need. */
export class PickleError extends Error {}

const mark = Symbol('mark');
type Item = Pickled | typeof mark;

/**
 * Reads one pickle (Python's pickletools, protocols 2 to 5, the operations that data need). It never runs code: the host
 * decides what the few names may mean. Memory is bounded by the length of the pickle, since nothing is copied.
 * @throws PickleError | RangeError
 */
export function unpickle(cursor: Cursor, host: PickleHost): Pickled {
  const stack: Item[] = [];
  const memo = new Map<number, Pickled>();

  const pop = (): Pickled => {
    const value = stack.pop();
    if (value === undefined || value === mark) throw new PickleError('the stack is empty');
    return value as Pickled;
  };
  const top = (): Pickled => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const popToMark = (): Pickled[] => {
    const at = stack.lastIndexOf(mark);
    if (at < 0) throw new PickleError('a mark is missing');
    return stack.splice(at).slice(1) as Pickled[];
  };
  const remember = (index: number) => memo.set(index, top());
  const recall = (index: number) => {
    const value = memo.get(index);
    if (value === undefined) throw new PickleError('the memo is empty');
    stack.push(value);
  };
  const text = (length: number) => stack.push(cursor.bytes(length).toString('utf8'));
  const setItems = (pairs: Pickled[]) => {
    const map = top();
    if (!(map instanceof Map) || pairs.length % 2 !== 0) throw new PickleError('items are set on what is not a dictionary');
    for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i] as Pickled, pairs[i + 1] as Pickled);
  };
  const append = (values: Pickled[]) => {
    const list = top();
    if (!Array.isArray(list)) throw new PickleError('items are appended to what is not a list');
    for (const value of values) list.push(value);
  };

  for (;;) {
    const code = cursor.byte();
    switch (code) {
      case 0x80: // PROTO
        cursor.byte();
        break;
      case 0x95: // FRAME
        cursor.bytes(8);
        break;
      case 0x2e: // STOP
        return pop();
      case 0x28: // MARK
        stack.push(mark);
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
        stack.push(true);
        break;
      case 0x89: // NEWFALSE
        stack.push(false);
        break;
      case 0x4a: // BININT
        stack.push(cursor.bytes(4).readInt32LE());
        break;
      case 0x4b: // BININT1
        stack.push(cursor.byte());
        break;
      case 0x4d: // BININT2
        stack.push(cursor.bytes(2).readUInt16LE());
        break;
      case 0x8a: // LONG1
        stack.push(long(cursor.bytes(cursor.byte())));
        break;
      case 0x47: // BINFLOAT
        stack.push(cursor.bytes(8).readDoubleBE());
        break;
      case 0x58: // BINUNICODE
        text(cursor.bytes(4).readUInt32LE());
        break;
      case 0x8c: // SHORT_BINUNICODE
        text(cursor.byte());
        break;
      case 0x55: // SHORT_BINSTRING
        text(cursor.byte());
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        break;
      case 0x74: // TUPLE
        stack.push(popToMark());
        break;
      case 0x85: // TUPLE1
        stack.push([pop()]);
        break;
      case 0x86: // TUPLE2
        stack.push([pop(), pop()].reverse());
        break;
      case 0x87: // TUPLE3
        stack.push([pop(), pop(), pop()].reverse());
        break;
      case 0x61: // APPEND
        append([pop()]);
        break;
      case 0x65: // APPENDS
        append(popToMark());
        break;
      case 0x73: // SETITEM
        setItems([pop(), pop()].reverse());
        break;
      case 0x75: // SETITEMS
        setItems(popToMark());
        break;
      case 0x71: // BINPUT
        remember(cursor.byte());
        break;
      case 0x72: // LONG_BINPUT
        remember(cursor.bytes(4).readUInt32LE());
        break;
      case 0x94: // MEMOIZE
        remember(memo.size);
        break;
      case 0x68: // BINGET
        recall(cursor.byte());
        break;
      case 0x6a: // LONG_BINGET
        recall(cursor.bytes(4).readUInt32LE());
        break;
      case 0x63: // GLOBAL
        stack.push(host.global(`${cursor.line()}.${cursor.line()}`));
        break;
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = [pop(), pop()].reverse();
        stack.push(host.global(`${module}.${name}`));
        break;
      }
      case 0x51: // BINPERSID
        stack.push(host.persistent(pop()));
        break;
      case 0x52: {
        // REDUCE
        const args = pop();
        const callable = pop();
        if (!(callable instanceof Global) || !Array.isArray(args)) throw new PickleError('what is called is not a function');
        stack.push(host.call(callable, args));
        break;
      }
      case 0x62: // BUILD: attributes such as a state dict's _metadata, which tensors do not need
        pop();
        if (!(top() instanceof Map)) throw new PickleError('attributes are set on what is not a dictionary');
        break;
      default:
        throw new PickleError(`operation 0x${code.toString(16)} is not one that tensors need`);
    }
  }
}

/** Little-endian two's complement; a bigint where a number would round. */
function long(bytes: Buffer): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  value = BigInt.asIntN(Math.max(8 * bytes.length, 1), value);
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}
