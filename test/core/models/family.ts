import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Engine, NamedTensors, TensorData, Tensors } from '../../../src/core/engine';
import { sgd, softmaxCrossEntropy, tf, valueAndGradients } from '../../../src/core/engine/ops';
import { type Module, type Scope, tensorsOf } from '../../../src/core/nn';
import { encodeSafetensors } from '../../../src/core/weights';
import { distance, learningScope } from './compute';
import { byFormula, type expected as fixtures, wave } from './fixtures';

type Value = NonNullable<Tensors[string]>;
type Spec = { shape: number[]; phase?: number; integers?: undefined } | { shape: number[]; integers: number[] };

/** What scripts/fixtures/make_families.py writes; its docstring says what each entry means. */
export interface Expected {
  inputs: Record<string, Spec>;
  labels: number[];
  learningRate: number;
  momentum: number;
  parameters: number;
  logits: number[][];
  losses: number[];
  gradients: Record<string, number[]>;
  tensors: Record<string, number[]>;
}

/** A network of ours in the place of PyTorch's. */
export interface Subject {
  readonly root: Module;
  readonly tensors: NamedTensors;
  /** The logits [N, classes] of inputs by the names that `expected.json` gives them; a picture's is `x`. */
  forward(inputs: Tensors, scope: Scope): Value;
  /** Parameters that learn; all of them by default. */
  learns?(name: string): boolean;
  /** Where the tensor that the checkpoint calls so begins, in elements of one of ours. */
  place(name: string): { name: string; offset: number } | undefined;
}

const families = path.resolve(__dirname, '../../fixtures/families');
/** Of networks as timm makes them: see make_models.py's `signature`. */
export const signatures = JSON.parse(readFileSync(path.join(families, '../signatures.json'), 'utf8')) as typeof fixtures.signatures;
export const cases = readdirSync(families).sort();
export const expectedOf = (name: string) => JSON.parse(readFileSync(path.join(families, name, 'expected.json'), 'utf8')) as Expected;

/** The case as a folder that can be loaded: its configuration as it was written, the formula's weights beside it. */
export function caseFolder(name: string, into: string): string {
  const [from, folder] = [path.join(families, name), path.join(into, name)];
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(from)) if (file !== 'expected.json') copyFileSync(path.join(from, file), path.join(folder, file));
  const tensors = Object.entries(expectedOf(name).tensors).map(([name, shape]) => ({ name, shape }));
  writeFileSync(path.join(folder, 'model.safetensors'), encodeSafetensors(byFormula(tensors)));
  return folder;
}

function inputsOf({ inputs }: Expected): Record<string, TensorData> {
  const made = Object.entries(inputs).map(([name, spec]): [string, TensorData] => [
    name,
    spec.integers
      ? { dtype: 'int32', shape: spec.shape, data: Int32Array.from(spec.integers) }
      : { dtype: 'float32', shape: spec.shape, data: wave(spec.shape, spec.phase) },
  ]);
  return Object.fromEntries(made);
}

const dataOf = (inputs: Record<string, TensorData>) => Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data]));

/** make_families.py's function of that name. */
function steadied(tensors: NamedTensors): Map<string, TensorData> {
  const steady = new Map(tensors);
  const replace = (name: string, f: (v: number) => number) => {
    const tensor = tensors.get(name) as TensorData;
    steady.set(name, { ...tensor, data: Float32Array.from(tensor.data, f) });
  };
  for (const name of tensors.keys()) {
    if (!name.endsWith('.running_mean')) continue;
    replace(name.replace('running_mean', 'weight'), (v) => 0.4 * v);
    replace(name.replace('running_mean', 'bias'), (v) => v + 3);
  }
  return steady;
}

export interface Found {
  readonly logits: Float32Array;
  readonly losses: number[];
  /** Before the first step, by our names. */
  readonly gradients: Record<string, TensorData>;
}

/**
 * Answers in inference mode, then learns for as many steps as there are losses with all its parameters, in the engine.
 * @param dropout where something is to drop
 */
export async function compute(
  engine: Pick<Engine, 'compile'>,
  subject: Subject,
  expected: Expected,
  dropout?: Scope['dropout'],
): Promise<Found> {
  const inputs = inputsOf(expected);
  const answering = await engine.compile(
    ({ constants, inputs }) => {
      const scope: Scope = { tensor: (name) => constants[name] as Value, learns: () => false, training: false, update: () => undefined };
      return { outputs: { logits: subject.forward(inputs, scope) } };
    },
    { state: new Map(), constants: subject.tensors, inputs },
  );
  const { logits } = (await answering.run(dataOf(inputs))) as { logits: TensorData };
  await answering.dispose();

  const learned = [...tensorsOf(subject.root)]
    .filter((tensor) => !tensor.statistic && (subject.learns?.(tensor.name) ?? true))
    .map((tensor) => tensor.name);
  const slot = (name: string) => `momentum.${name}`;
  const zeros = ({ shape, data }: TensorData): TensorData => ({ dtype: 'float32', shape, data: new Float32Array(data.length) });
  const slots = learned.map((name) => [slot(name), zeros(subject.tensors.get(name) as TensorData)] as const);
  const pick = (from: Tensors, key = (name: string) => name) => Object.fromEntries(learned.map((name) => [name, from[key(name)] as Value]));
  const learning = await engine.compile(
    ({ state, inputs: { labels, weights, ...given } }) => {
      const { loss, aux, gradients } = valueAndGradients((current) => {
        const { scope: learning, updates } = learningScope({ ...state, ...current });
        const scope: Scope = { ...learning, ...(dropout && { dropout }) };
        const losses = softmaxCrossEntropy(subject.forward(given, scope), labels as Value, 0);
        return { loss: tf.sum(tf.mul(losses, weights as Value)), aux: updates };
      }, pick(state));
      const { learningRate, momentum } = expected;
      const next = sgd(
        { parameters: pick(state), gradients, momentum: pick(state, slot), decayed: new Set() },
        { learningRate: tf.scalar(learningRate), momentum, weightDecay: 0 },
      );
      const moved = Object.fromEntries(learned.map((name) => [slot(name), next.momentum[name] as Value]));
      return { outputs: { loss, ...gradients }, state: { ...aux, ...next.parameters, ...moved } };
    },
    {
      state: new Map([...steadied(subject.tensors), ...slots]),
      constants: new Map(),
      inputs: {
        ...inputs,
        labels: { dtype: 'int32', shape: [expected.labels.length] },
        weights: { dtype: 'float32', shape: [expected.labels.length] },
      },
    },
  );
  // a negative label is none
  const counted = expected.labels.filter((label) => label >= 0).length;
  const labels = Int32Array.from(expected.labels, (label) => Math.max(0, label));
  const weights = Float32Array.from(expected.labels, (label) => (label >= 0 ? 1 / counted : 0));
  const losses: number[] = [];
  let gradients: Record<string, TensorData> = {};
  for (const step of expected.losses.keys()) {
    const { loss, ...rest } = await learning.run({ ...dataOf(inputs), labels, weights });
    losses.push((loss as TensorData).data[0] as number);
    if (step === 0) gradients = rest;
  }
  await learning.dispose();
  return { logits: logits.data as Float32Array, losses, gradients };
}

/**
 * How far what was found lies from PyTorch's: logits and losses absolutely; gradients, their norms and some of their entries,
 * in parts of the parameter's norm (and of a hundredth of the largest, as next to a zero there is nothing to measure by).
 */
export function deviations(
  found: Found,
  subject: Subject,
  expected: Expected,
): { logits: number; losses: number; gradients: number; worst: string } {
  const largest = Math.max(...Object.values(expected.gradients).map(([norm]) => norm as number));
  let [gradients, worst] = [0, ''];
  for (const [theirs, numbers] of Object.entries(expected.gradients)) {
    const place = subject.place(theirs);
    const size = (expected.tensors[theirs] as number[]).reduce((a, b) => a * b, 1);
    const whole = place && (found.gradients[place.name]?.data as Float32Array | undefined);
    const ours = place && whole?.slice(place.offset, place.offset + size);
    const norm = Math.sqrt(ours?.reduce((sum, v) => sum + v * v, 0) ?? Number.NaN);
    const entries = [0, Math.floor(size / 3), Math.floor((2 * size) / 3), size - 1].map((i) => ours?.[i] ?? Number.NaN);
    const off = distance([norm, ...entries], numbers) / ((numbers[0] as number) + 0.01 * largest);
    if (!(off <= gradients)) [gradients, worst] = [off, theirs];
  }
  return { logits: distance(found.logits, expected.logits.flat()), losses: distance(found.losses, expected.losses), gradients, worst };
}
