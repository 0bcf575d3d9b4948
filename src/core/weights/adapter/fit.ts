import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import type { NamedTensors, TensorData } from '../../engine/engine';
import { isInHead, type Network } from '../../models/model';
import { Linear, type Module, tensorsOf } from '../../nn';
import type { StoredEntry } from '../weightFiles';
import { mergeAdapter, removeAdapters } from './merge';
import { type Adapter, readAdapterValues, type StoredPair } from './read';

/** Where a tensor of the base goes in our tree, by the base's name; several of the base's may make one of ours. */
export type Placing = (name: string) => { readonly name: string; readonly part: number; readonly of: number } | null | undefined;

interface Part extends StoredPair {
  readonly part: number;
  readonly of: number;
  readonly scale: number;
}

/** An adapter held against a model: everything in it has its place. */
export interface Fitted {
  readonly adapter: Adapter;
  readonly layers: readonly { readonly layer: Linear; readonly parts: readonly Part[] }[];
  /** Our names of tensors that the adapter brings whole → the file's, one for each part of ours. */
  readonly whole: ReadonlyMap<string, readonly string[]>;
}

export interface Fitting {
  readonly placing: Placing;
  /** Of the model, for people. */
  readonly title: string;
  /** Whether a head that the adapter brings is the model's, too. */
  readonly keepsHead: boolean;
}

/**
 * Finds the place of everything that an adapter holds in a model.
 * @throws ThawError `model.unsupported` naming the first layers that the base has not or has in other sizes, or that cannot be
 *   adapted here
 */
export function fit(adapter: Adapter, model: Network, { placing, title, keepsHead }: Fitting): Fitted {
  const modules = new Map<string, Module>([...modulesOf(model.root)].map((module) => [module.path, module]));
  const shapes = new Map([...tensorsOf(model.root)].map(({ name, shape }) => [name, shape]));
  const wrong: string[] = [];
  const found = new Map<string, Part[]>();
  for (const [theirs, pair] of adapter.layers) {
    const place = placing(`${theirs}.weight`);
    const path = place?.name.replace(/\.weight$/, '') ?? '';
    const layer = modules.get(path);
    if (!place || !layer) wrong.push(l10n.t('{0} is not there', theirs));
    else if (!(layer instanceof Linear)) wrong.push(l10n.t('{0} is of type {1}, which takes no adapter', theirs, layer.type));
    else {
      const [down, up] = [adapter.entries.get(pair.down), adapter.entries.get(pair.up)] as [StoredEntry, StoredEntry];
      const rank = down.shape[0] ?? 0;
      const sizes = `${[...down.shape, ...up.shape]}`;
      if (rank < 1 || sizes !== `${[rank, layer.input, layer.output / place.of, rank]}`) {
        const [input, output] = [layer.input, layer.output / place.of];
        wrong.push(l10n.t('{0}: A is [{1}] and B [{2}] for a layer of {3} → {4}', theirs, `${down.shape}`, `${up.shape}`, input, output));
      } else {
        const parts = found.get(path) ?? [];
        parts.push({ ...pair, part: place.part, of: place.of, scale: adapter.config.scaleOf(theirs, rank) });
        found.set(path, parts);
      }
    }
  }
  const whole = new Map<string, string[]>();
  for (const [theirs, file] of adapter.whole) {
    const place = placing(theirs);
    const shape = place && shapes.get(place.name);
    const stored = adapter.entries.get(file) as StoredEntry;
    if (!place || !shape) wrong.push(l10n.t('{0} is not there', theirs));
    else if (!keepsHead && isInHead(model, place.name)) continue;
    else if (`${stored.shape}` !== `${[(shape[0] as number) / place.of, ...shape.slice(1)]}`)
      wrong.push(l10n.t('{0} is [{1}] for [{2}]', theirs, `${stored.shape}`, `${shape}`));
    else {
      const files = whole.get(place.name) ?? [];
      files[place.part] = file;
      whole.set(place.name, files);
    }
  }
  if (wrong.length > 0) throw misfit(adapter, title, wrong);
  const layers = [...found].map(([path, parts]) => ({ layer: modules.get(path) as Linear, parts }));
  return { adapter, layers, whole };
}

/**
 * How many classes the adapter's own classifier has; null where it brings none.
 * @param model of any number of classes
 */
export function classesIn({ whole, entries }: Adapter, model: Network, placing: Placing): number | null {
  const brought = new Map([...whole].flatMap(([theirs, file]) => [[placing(theirs)?.name ?? '', file] as const]));
  const weights = [...tensorsOf(model.root)].filter(({ name, shape }) => name.startsWith(`${model.head}.`) && shape.length === 2);
  const file = brought.get(weights.at(-1)?.name ?? ''); // the last of a head is what gives its logits
  return file === undefined ? null : (entries.get(file)?.shape[0] ?? null);
}

function* modulesOf(module: Module): Generator<Module> {
  yield module;
  for (const [, child] of module.children) yield* modulesOf(child);
}

function misfit(adapter: Adapter, title: string, wrong: readonly string[]): ThawError {
  const { base } = adapter.config;
  const some = wrong.length > 3 ? `${wrong.slice(0, 3).join('; ')} …` : wrong.join('; ');
  return new ThawError(
    'model.unsupported',
    l10n.t('The adapter was made for another base than {0}: {1}.', title, some),
    base
      ? l10n.t('Its adapter_config.json names "{0}" as its base: let that stand for the model which it was trained on.', base.name)
      : l10n.t('Its adapter_config.json names no base: write the model which it was trained on as "base_model_name_or_path".'),
    { path: adapter.weights.path },
  );
}

/** The tensors of a base with its adapter: merged into its weights, or beside them where it is to learn on. */
export async function withAdapter(fitted: Fitted, base: NamedTensors, model: Network, keepsAdapter = false): Promise<NamedTensors> {
  const tensors = await applied(fitted, base, model);
  if (keepsAdapter) return tensors;
  const merged = mergeAdapter(model, tensors);
  removeAdapters(model);
  return merged;
}

/** Names of tensors that a base lacks, and of those that an adapter brings in their place. */
export function notOfBase(lacking: ReadonlySet<string>, fitted: Fitted | null): ReadonlySet<string> {
  return fitted ? new Set([...lacking, ...fitted.whole.keys()]) : lacking;
}

/** Puts the adapters beside their layers in the tree. @throws ThawError `model.corrupt` */
export async function adaptTree(fitted: Fitted): Promise<void> {
  const values = await readAdapterValues(fitted.adapter);
  adapt(fitted, (name) => values.get(name) as TensorData);
}

/** @returns their tensors by our names */
function adapt({ adapter, layers }: Pick<Fitted, 'adapter' | 'layers'>, value: (name: string) => TensorData): Map<string, TensorData> {
  const pairs = new Map<string, TensorData>();
  for (const { layer, parts } of layers) {
    const { down, up, scale } = joined(parts, value, layer);
    layer.adapt({ rank: down.shape[0] as number, scale, dropout: adapter.config.dropout });
    pairs.set(`${layer.path}.lora_A.weight`, down);
    pairs.set(`${layer.path}.lora_B.weight`, up);
  }
  return pairs;
}

/**
 * Puts the adapters beside their layers, with their values, and the tensors that it brings whole into the place of the base's.
 * Parts of one of our layers that have adapters of their own share one of as many ranks, with zeros in between.
 * @throws ThawError `model.corrupt`
 */
async function applied({ adapter, layers, whole }: Fitted, base: NamedTensors, model: Network): Promise<Map<string, TensorData>> {
  const values = await readAdapterValues(adapter);
  const value = (name: string) => values.get(name) as TensorData;
  const pairs = adapt({ adapter, layers }, value);
  const tensors = new Map<string, TensorData>();
  for (const { name, shape } of tensorsOf(model.root)) {
    const files = whole.get(name);
    const own = base.get(name);
    const found = pairs.get(name) ?? (files ? inParts(files, value, shape, own) : own);
    if (!found) throw new Error(`applied: the tensor ${name} is missing`);
    tensors.set(name, found);
  }
  return tensors;
}

/** Several of the base's tensors as one of ours; what the adapter does not bring stays the base's. */
function inParts(
  files: readonly (string | undefined)[],
  value: (name: string) => TensorData,
  shape: readonly number[],
  base: TensorData | undefined,
): TensorData {
  const [first] = files;
  if (files.length === 1 && first !== undefined && value(first).data.length === size(shape)) return value(first);
  const data = Float32Array.from(base?.data ?? new Float32Array(size(shape)));
  for (const [i, file] of files.entries()) {
    if (file === undefined) continue;
    const part = value(file).data;
    data.set(part, i * part.length);
  }
  return { dtype: 'float32', shape, data };
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/**
 * One adapter A [R, in], B [out, R] of those of a layer's parts. Where all parts have the same A, as Thaw writes them, it
 * stands once; else B is a matrix of blocks. Parts that count otherwise have it in B.
 */
function joined(parts: readonly Part[], value: (name: string) => TensorData, layer: Linear) {
  const [first] = parts as [Part];
  if (first.of === 1) return { down: value(first.down), up: value(first.up), scale: first.scale };
  const rows = layer.output / first.of;
  const same = parts.length === first.of && parts.every((part) => isSame(value(part.down), value(first.down)));
  const ranks = parts.map((part) => value(part.down).shape[0] as number);
  const rank = same ? (ranks[0] as number) : ranks.reduce((a, b) => a + b, 0);
  const down = new Float32Array(rank * layer.input);
  const up = new Float32Array(layer.output * rank);
  let before = 0; // ranks of the parts that came before
  for (const [i, part] of parts.entries()) {
    const own = ranks[i] as number;
    down.set(value(part.down).data, before * layer.input);
    const b = value(part.up).data;
    const factor = part.scale / first.scale;
    for (let row = 0; row < rows; row++)
      for (let k = 0; k < own; k++) up[(part.part * rows + row) * rank + before + k] = (b[row * own + k] as number) * factor;
    if (!same) before += own;
  }
  return {
    down: { dtype: 'float32', shape: [rank, layer.input], data: down } as const,
    up: { dtype: 'float32', shape: [layer.output, rank], data: up } as const,
    scale: first.scale,
  };
}

function isSame(a: TensorData, b: TensorData): boolean {
  return a === b || (a.data.length === b.data.length && a.data.every((v, i) => v === b.data[i]));
}
