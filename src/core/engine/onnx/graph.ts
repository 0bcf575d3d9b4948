import { broadcastShapes, sameShape, sizeOf } from './shapes';

export type ElementType = 'float32' | 'int32' | 'uint32' | 'uint8' | 'bool' | 'int64' | 'float64';
export type ElementArray = Float32Array | Int32Array | Uint32Array | Uint8Array | BigInt64Array | Float64Array;

/** A recorded tensor. Its elements lie row-major in `shape`, unless it has `blocks`. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /**
   * Feature maps [N, C, H, W] that exist only in blocks of channels: the tensor that holds their elements as
   * [C/B, N, H, W, B], whatever shape it is written in (see ./blocked). Nodes that want them row-major get them converted.
   */
  readonly blocks?: Value;
}

/** A number is an int attribute: floats are marked, as ONNX tells the two apart. */
export type Attribute = number | readonly number[] | string | { readonly float: number } | { readonly floats: readonly number[] };
export type Attributes = Readonly<Record<string, Attribute>>;
/** null stands for an optional input left out. */
export type Inputs = readonly (Value | null)[];

export interface GraphNode {
  /** With its domain before the last dot, where it is not ONNX's own. */
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** How a value was computed. */
export interface Origin {
  readonly operator: string;
  readonly inputs: Inputs;
  readonly attributes: Attributes;
}

/** Which arrangement layer ops choose for feature maps. */
export interface Layout {
  /** Channels in a block of onnxruntime's NCHWc kernels on this processor; 1 where it has none. */
  readonly block: number;
  /** Blocks also where they are mostly padding, which only tests want. */
  readonly always: boolean;
}

export const portable: Layout = { block: 1, always: false };

interface Constant {
  readonly value: Value;
  readonly data: ElementArray;
}

/** Constants up to so many elements are shared when their bytes agree: nodes on them are then the same nodes. Parameters seldom do. */
const sharedUpTo = { made: 4096, named: 64 };

/** An ONNX graph while it is recorded: nodes in the order in which they can run, constants by name. */
export class Graph {
  readonly recorded: GraphNode[] = [];
  readonly constants = new Map<string, Constant>();
  /** Elements of its largest tensor. */
  largest = 0;
  private readonly shared = new Map<string, Value>();
  private readonly known = new Map<string, Value[]>();
  private readonly origins = new Map<string, Origin>();
  private readonly used = new Set<string>();
  /** Outputs that are no copies. */
  private readonly given = new Set<string>();
  private count = 0;

  /** @param isRough see ProgramSpec.rough */
  constructor(
    readonly layout: Layout = portable,
    readonly isRough = false,
  ) {}

  /** A tensor that is fed to the graph. */
  input(name: string, shape: readonly number[], dtype: ElementType): Value {
    this.largest = Math.max(this.largest, sizeOf(shape));
    return { name, shape, dtype };
  }

  constant(data: ElementArray, shape: readonly number[], dtype: ElementType, name?: string): Value {
    const key = data.length <= sharedUpTo[name === undefined ? 'made' : 'named'] ? `${dtype}[${shape}]${data.join()}` : null;
    const known = key === null ? undefined : this.shared.get(key);
    if (known) return known;
    const value = { name: name ?? `constant${this.count++}`, shape, dtype };
    this.constants.set(value.name, { value, data });
    this.largest = Math.max(this.largest, data.length);
    if (key !== null) this.shared.set(key, value);
    return value;
  }

  /** A large constant that several places need, by a name of its own: nodes on another, though equal, would be other nodes. */
  once(key: string, make: () => Value): Value {
    const known = this.shared.get(key) ?? make();
    this.shared.set(key, known);
    return known;
  }

  /** The values of a constant; undefined for everything that is computed or fed. */
  dataOf(value: Value): ElementArray | undefined {
    return this.constants.get(value.name)?.data;
  }

  /** Appends a node; the same one on the same inputs is recorded once, as every operator used here is a pure function. */
  nodes(operator: string, inputs: Inputs, outputs: readonly Omit<Value, 'name'>[], attributes: Attributes = {}): Value[] {
    const given = inputs.map((value) => value && this.rowMajor(value));
    const names = given.map((value) => value?.name ?? '');
    const key = `${operator} ${names} ${outputs.length} ${JSON.stringify(attributes)}`;
    const known = this.known.get(key);
    if (known) return known;
    const values = outputs.map(({ shape, dtype }) => ({ name: `${operator}${this.count++}`, shape, dtype }));
    this.largest = Math.max(this.largest, ...outputs.map(({ shape }) => sizeOf(shape)));
    this.recorded.push({ operator, inputs: names, outputs: values.map((value) => value.name), attributes });
    this.known.set(key, values);
    for (const name of names) this.used.add(name);
    for (const { name } of values) this.origins.set(name, { operator, inputs: given, attributes });
    return values;
  }

  /** Undefined for what is fed or constant. */
  originOf(value: Value): Origin | undefined {
    return this.origins.get(value.name);
  }

  /** Whether a node takes this value so far. */
  isUsed(value: Value): boolean {
    return this.used.has(value.name);
  }

  /** The same elements row-major; they are converted once. */
  rowMajor(value: Value): Value {
    if (!value.blocks) return value;
    const [n, channels, height, width] = value.shape as [number, number, number, number];
    const blocks = Math.ceil(channels / this.layout.block);
    const byBlock = this.reshape(value.blocks, [blocks, n, height * width * this.layout.block]);
    const byExample = n === 1 || blocks === 1 ? byBlock : this.transpose(byBlock, [1, 0, 2]);
    const maps = this.reshape(byExample, [n, blocks * this.layout.block, height, width]);
    return this.node('com.microsoft.nchwc.ReorderOutput', [maps], value.shape, { channels });
  }

  /**
   * A copy under a name that no other value has: a graph's outputs must differ, and may not be its inputs. Rows put into a
   * large tensor, which other nodes read too, come out as they are.
   */
  output(value: Value): Value {
    const { name, shape, dtype } = this.rowMajor(value);
    if (this.originOf(value)?.operator === 'ScatterND' && !this.given.has(name)) {
      this.given.add(name);
      return value;
    }
    const output = { name: `output${this.count++}`, shape, dtype };
    this.recorded.push({ operator: 'Identity', inputs: [name], outputs: [output.name], attributes: {} });
    return output;
  }

  node(operator: string, inputs: Inputs, shape: readonly number[], attributes: Attributes = {}, dtype?: ElementType): Value {
    return this.nodes(operator, inputs, [{ shape, dtype: dtype ?? (inputs[0] as Value).dtype }], attributes)[0] as Value;
  }

  scalar(value: number, dtype: ElementType = 'float32'): Value {
    const data = dtype === 'int64' ? BigInt64Array.of(BigInt(value)) : scalarArrays[dtype].of(value);
    return this.constant(data, [], dtype);
  }

  /** Shapes, axes and the like, which ONNX wants as tensors. */
  integers(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length], 'int64');
  }

  floats(values: readonly number[] | Float32Array, shape: readonly number[] = [values.length]): Value {
    return this.constant(Float32Array.from(values), shape, 'float32');
  }

  unary(operator: string, x: Value, attributes: Attributes = {}): Value {
    return this.node(operator, [x], x.shape, attributes);
  }

  /** Elementwise with broadcasting. */
  binary(operator: string, a: Value, b: Value, dtype: ElementType = a.dtype): Value {
    return this.node(operator, [a, b], broadcastShapes(a.shape, b.shape), {}, dtype);
  }

  add(a: Value, b: Value): Value {
    return this.binary('Add', a, b);
  }
  subtract(a: Value, b: Value): Value {
    return this.binary('Sub', a, b);
  }
  multiply(a: Value, b: Value): Value {
    return this.binary('Mul', a, b);
  }
  divide(a: Value, b: Value): Value {
    return this.binary('Div', a, b);
  }
  scale(a: Value, factor: number): Value {
    return factor === 1 ? a : this.multiply(a, this.scalar(factor));
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    const origin = this.originOf(x);
    if (origin?.operator === 'Reshape') return this.reshape(origin.inputs[0] as Value, shape); // never one after another
    return this.node('Reshape', [x, this.integers(shape)], shape);
  }

  transpose(x: Value, perm: readonly number[]): Value {
    if (perm.every((axis, i) => axis === i)) return x;
    const origin = this.originOf(x);
    if (origin?.operator === 'Transpose') {
      const first = origin.attributes.perm as readonly number[]; // two in a row are one, or none
      return this.transpose(
        origin.inputs[0] as Value,
        perm.map((axis) => first[axis] as number),
      );
    }
    const shape = perm.map((axis) => x.shape[axis] as number);
    return this.node('Transpose', [x], shape, { perm });
  }

  cast(x: Value, dtype: ElementType): Value {
    return x.dtype === dtype ? x : this.node('Cast', [x], x.shape, { to: elementTypes[dtype] }, dtype);
  }

  where(condition: Value, then: Value, otherwise: Value): Value {
    const shape = broadcastShapes(condition.shape, broadcastShapes(then.shape, otherwise.shape));
    return this.node('Where', [condition, then, otherwise], shape, {}, then.dtype);
  }

  /** x[begin : end : step] along some axes; 0 ≤ begin ≤ end. */
  slice(x: Value, axes: readonly number[], begin: readonly number[], end: readonly number[], steps = axes.map(() => 1)): Value {
    const shape = [...x.shape];
    axes.forEach((axis, i) => {
      const last = Math.min(end[i] as number, x.shape[axis] as number);
      shape[axis] = Math.max(0, Math.ceil((last - (begin[i] as number)) / (steps[i] as number)));
    });
    return this.node('Slice', [x, ...[begin, end, axes, steps].map((list) => this.integers(list))], shape);
  }

  pad(x: Value, before: readonly number[], after: readonly number[], value = 0): Value {
    if ([...before, ...after].every((n) => n === 0)) return x;
    const shape = x.shape.map((n, axis) => n + (before[axis] as number) + (after[axis] as number));
    return this.node('Pad', [x, this.integers([...before, ...after]), this.scalar(value, x.dtype)], shape);
  }

  reverse(x: Value, axes: readonly number[]): Value {
    if (axes.length === 0) return x;
    const all = (n: number) => this.integers(axes.map(() => n));
    return this.node('Slice', [x, all(-1), all(-0x7fffffff), this.integers(axes), all(-1)], x.shape);
  }

  concat(parts: readonly Value[], axis: number): Value {
    const first = parts[0] as Value;
    const shape = [...first.shape];
    shape[axis] = parts.reduce((sum, part) => sum + (part.shape[axis] as number), 0);
    return this.node('Concat', parts, shape, { axis });
  }

  /**
   * Fills values that were declared as inputs from one vector which holds their elements in a row. Where the graph flattens
   * one of them, it takes the piece of the vector as it is.
   */
  unpack(vector: Value, inputs: readonly Value[]): void {
    const sizes = inputs.map(({ shape }) => sizeOf(shape));
    const isFlat = ({ shape }: Value) => shape.length === 1;
    const pieces = inputs.map((input) => (isFlat(input) ? input.name : `${input.name} flat`));
    const split = { operator: 'Split', inputs: [vector.name, this.integers(sizes).name], outputs: pieces, attributes: { axis: 0 } };
    const views = inputs.flatMap((input, i): GraphNode[] => {
      const target = { inputs: [pieces[i] as string, this.integers(input.shape).name], outputs: [input.name] };
      return isFlat(input) ? [] : [{ operator: 'Reshape', ...target, attributes: {} }];
    });
    const known = new Map(inputs.map(({ name }, i) => [name, pieces[i] as string]));
    const renamed = new Map<string, string>();
    const rest = this.recorded.map((node) => {
      const [x, target] = node.inputs as [string, string];
      const piece = node.operator === 'Reshape' && this.constants.get(target)?.value.shape[0] === 1 ? known.get(x) : undefined;
      if (piece) renamed.set(node.outputs[0] as string, piece);
      return { ...node, inputs: node.inputs.map((name) => renamed.get(name) ?? name) };
    });
    this.recorded.splice(0, this.recorded.length, split, ...views, ...rest);
  }

  /** Σ over some axes. Long rows go in two levels, so that float32's rounding grows with the square root of their length. */
  sum(x: Value, axes: readonly number[], keepDims = false): Value {
    return this.reduce('ReduceSum', x, axes, keepDims);
  }
  mean(x: Value, axes: readonly number[], keepDims = false): Value {
    return this.reduce('ReduceMean', x, axes, keepDims);
  }

  reduce(operator: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const kept = x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
    const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
    if (axes.length === 0) return x;
    const rank = x.shape.length;
    const trailing = [...axes].sort((a, b) => a - b).every((axis, i) => axis === rank - axes.length + i);
    const length = sizeOf(axes.map((axis) => x.shape[axis] as number));
    const inner = trailing && additive.has(operator) && x.dtype === 'float32' ? innerLength(length) : 1;
    if (inner === 1) return this.node(operator, [x, this.integers(axes)], shape, { keepdims: keepDims ? 1 : 0 });
    const rows = sizeOf(x.shape) / length;
    const first = this.node(operator, [this.reshape(x, [rows, length / inner, inner]), this.integers([2])], [rows, length / inner], {
      keepdims: 0,
    });
    const second = this.node(operator, [first, this.integers([1])], [rows], { keepdims: 0 });
    return this.reshape(second, shape);
  }
}

const additive = new Set(['ReduceSum', 'ReduceMean']);

/** The first level's length for a sum of `length` terms: its divisor nearest below √length·2, 1 where the sum is short. */
function innerLength(length: number): number {
  if (length < 256) return 1;
  for (let inner = Math.floor(2 * Math.sqrt(length)); inner >= 16; inner--) if (length % inner === 0) return inner;
  return 1;
}

const scalarArrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
  uint8: Uint8Array,
};

/** TensorProto.DataType */
export const elementTypes: Record<ElementType, number> = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11, uint32: 12, uint8: 2 };
