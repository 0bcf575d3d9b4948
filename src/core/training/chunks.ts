import { RandomStream } from '../random';

/** Examples that are computed together. Rounding depends on who shares a batch, so its composition is never left to chance. */
export interface Chunk {
  /** Indices in the data set; padded to the batch size with examples of the same form from the beginning. */
  readonly examples: readonly number[];
  /** How many of them count; the padding has weight 0. */
  readonly real: number;
  /** Which of the shapes that the run's steps are compiled for (see Examples.forms). */
  readonly form: number;
}

/** Batches in their order, each made when it is asked for: in memory a few bytes an example. */
export class Chunks implements Iterable<Chunk> {
  constructor(
    /** By form, those of that form in their order. */
    private readonly examples: ReadonlyMap<number, Uint32Array>,
    /** Of each batch, its form and where in the form's examples it begins. */
    private readonly forms: Uint32Array,
    private readonly starts: Uint32Array,
    private readonly batchSize: number,
  ) {}

  get length(): number {
    return this.forms.length;
  }

  at(i: number): Chunk {
    const form = this.forms[i] as number;
    const all = this.examples.get(form) as Uint32Array;
    const start = this.starts[i] as number;
    const examples = Array.from({ length: this.batchSize }, (_, k) => all[(start + k) % all.length] as number);
    return { examples, real: Math.min(this.batchSize, all.length - start), form };
  }

  /** Those from the given one on. */
  from(first: number): Chunks {
    return new Chunks(this.examples, this.forms.subarray(first), this.starts.subarray(first), this.batchSize);
  }

  /** Those that are wanted. */
  filter(isWanted: (chunk: Chunk) => boolean): Chunks {
    const wanted = Uint8Array.from(this.forms, (_, i) => (isWanted(this.at(i)) ? 1 : 0));
    const [forms, starts] = [this.forms, this.starts].map((all) => all.filter((_, i) => wanted[i] === 1));
    return new Chunks(this.examples, forms as Uint32Array, starts as Uint32Array, this.batchSize);
  }

  *[Symbol.iterator](): Generator<Chunk> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

/**
 * An order of examples, cut into batches of one size and one form each: a batch stands where its last example does, those
 * that are not full at the end.
 */
export function chunksOf(order: ArrayLike<number>, batchSize: number, formOf: (example: number) => number = () => 0): Chunks {
  const counts = new Map<number, number>();
  for (let i = 0; i < order.length; i++) {
    const form = formOf(order[i] as number);
    counts.set(form, (counts.get(form) ?? 0) + 1);
  }
  const examples = new Map([...counts].map(([form, count]) => [form, new Uint32Array(count)]));
  const batches = [...counts.values()].reduce((sum, count) => sum + Math.ceil(count / batchSize), 0);
  const [forms, starts] = [new Uint32Array(batches), new Uint32Array(batches)];
  let closed = 0;
  const close = (form: number, start: number) => {
    forms[closed] = form;
    starts[closed++] = start;
  };
  const filled = new Map<number, number>();
  for (let i = 0; i < order.length; i++) {
    const example = order[i] as number;
    const form = formOf(example);
    const place = filled.get(form) ?? 0;
    (examples.get(form) as Uint32Array)[place] = example;
    filled.set(form, place + 1);
    if ((place + 1) % batchSize === 0) close(form, place + 1 - batchSize);
  }
  for (const [form, count] of [...counts].sort(([a], [b]) => a - b)) if (count % batchSize > 0) close(form, count - (count % batchSize));
  return new Chunks(examples, forms, starts, batchSize);
}

/** The training examples in the order of an epoch (0 is the first). */
export function epochOrder(seed: number, epoch: number, examples: ArrayLike<number>): Uint32Array {
  return new RandomStream(seed, 'order', epoch).permutation(examples.length).map((i) => examples[i] as number);
}
