import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { type KerasGraph, type KerasLayer, kindOf, refused, valueName } from '../../models/keras';
import { corrupt } from '../corrupt';
import { layerConfig } from './layerConfig';
import { nodeOf, type Reference, referenceOf, unwrapped } from './nodes';
import { operationOf } from './operations';

/** What is shown to people holds nothing that a terminal would obey. */
const name = z
  .string()
  .min(1)
  .regex(/^\P{Cc}*$/u);

/** A layer as any Keras writes it: `name` also stands in its config; old ones of Sequential models have nothing but a list there. */
const layerSchema = z.looseObject({
  class_name: name,
  config: z.union([z.looseObject({ name: name.optional() }), z.array(z.unknown())]),
  name: name.optional(),
  inbound_nodes: z.array(z.unknown()).optional(),
});
type Written = z.infer<typeof layerSchema>;

const layersSchema = z.array(layerSchema).min(1);
const models: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model']);

export interface Source {
  /** The file, for messages. */
  readonly path: string;
  /** Of a model that has none of its own. */
  readonly name: string;
}

/**
 * The layers of a model as Keras 2, Keras 3 or TensorFlow.js writes it down: Sequential or functional, models inside.
 * Nothing of it is ever run: a layer is known by its class, and another is refused by name.
 * @throws ThawError `model.unsupported` | `model.corrupt`
 */
export function readTopology(topology: unknown, source: Source): KerasGraph {
  const parsed = layerSchema.safeParse(topology);
  if (!parsed.success)
    throw corrupt(source.path, l10n.t('The file does not describe a model: {0}', z.prettifyError(parsed.error)), parsed.error);
  const { class_name, config } = parsed.data;
  if (!models.has(class_name))
    throw refused({ path: source.name, type: class_name }, l10n.t('it is a model of a class of its own'), source.path);
  const own = Array.isArray(config) ? undefined : config.name;
  const graph = modelOf(parsed.data, own ?? source.name, '', source);
  // Names that Keras gives by itself say less than the file's.
  return { ...graph, name: own && !/^(sequential|model|functional)(_\d+)?$/.test(own) ? own : source.name };
}

/** @param inside the path of its layers, with a slash: '' for the outermost */
function modelOf({ class_name, config }: Written, name: string, inside: string, source: Source): KerasGraph {
  const settings = Array.isArray(config) ? { layers: config } : config;
  const listed = layersSchema.safeParse(settings.layers);
  if (!listed.success) throw corrupt(source.path, l10n.t('The model "{0}" has no layers.', `${inside}${name}`), listed.error);
  if (class_name !== 'Sequential') return functional(name, listed.data, settings, inside, source);
  return sequential(name, listed.data, shapeOf(settings.build_input_shape), inside, source);
}

function sequential(name: string, written: readonly Written[], built: InputSides | null, inside: string, source: Source): KerasGraph {
  const names = distinct(written);
  const layers: KerasLayer[] = [];
  if (written[0]?.class_name !== 'InputLayer') layers.push({ name: freeName('input', names), type: 'InputLayer', config: {}, calls: [[]] });
  written.forEach((layer, i) => {
    const before = layers.at(-1);
    layers.push(layerOf(layer, names[i] as string, before ? [[before.name]] : [[]], inside, source));
  });
  // The input's shape stands at the first layer, or inside of it.
  const [input, first] = layers as [KerasLayer, KerasLayer | undefined];
  const shape = input.config.shape ?? inputShape(written[0] as Written) ?? built ?? first?.graph?.layers[0]?.config.shape;
  return { name, layers: [{ ...input, config: shape ? { shape } : {} }, ...layers.slice(1)], output: layers.at(-1)?.name as string };
}

function functional(
  name: string,
  written: readonly Written[],
  config: Record<string, unknown>,
  inside: string,
  source: Source,
): KerasGraph {
  const [input, ...otherInputs] = references(config.input_layers);
  const [output, ...otherOutputs] = references(config.output_layers);
  const about = { path: `${inside}${name}`, type: 'Functional' };
  if (!input || !output) throw corrupt(source.path, l10n.t('The model "{0}" does not say what goes in and comes out.', about.path));
  if (otherInputs.length + otherOutputs.length > 0)
    throw refused(
      about,
      l10n.t('it has {0} inputs and {1} outputs, not one of each', 1 + otherInputs.length, 1 + otherOutputs.length),
      source.path,
    );
  const names = new Set<string>();
  const layers = written.map((layer) => {
    const own = ownName(layer);
    if (own === undefined || names.has(own)) throw corrupt(source.path, l10n.t('Two layers of the model are called "{0}".', own ?? ''));
    names.add(own);
    if (layer.class_name === 'InputLayer') return layerOf(layer, own, [[]], inside, source);
    const where = { path: `${inside}${own}`, type: layer.class_name };
    const nodes = (layer.inbound_nodes ?? []).map((node) => nodeOf(node, where, source.path));
    const calls = nodes.map(({ inputs }) => inputs);
    return operationOf(layer, own, nodes, where, source.path) ?? layerOf(layer, own, calls, inside, source);
  });
  return countedFromZero({ name, layers, output: valueName(output.layer, output.call) });
}

/** Some Kerases count the applications of a model inside from 1, as 0 is its own definition. */
function countedFromZero({ name, layers, output }: KerasGraph): KerasGraph {
  const used = new Set([output, ...layers.flatMap((layer) => layer.calls.flat())]);
  const renamed = new Map<string, string>();
  for (const { name: inner, graph, calls } of layers)
    if (graph && used.has(valueName(inner, calls.length)))
      calls.forEach((_, call) => void renamed.set(valueName(inner, call + 1), valueName(inner, call)));
  const value = (old: string) => renamed.get(old) ?? old;
  return {
    name,
    layers: layers.map((layer) => ({ ...layer, calls: layer.calls.map((inputs) => inputs.map(value)) })),
    output: value(output),
  };
}

function layerOf(written: Written, name: string, calls: KerasLayer['calls'], around: string, source: Source): KerasLayer {
  const path = `${around}${name}`;
  const { class_name: type, config } = written;
  if (models.has(type)) return { name, type, config: {}, calls, graph: modelOf(written, name, `${path}/`, source) };
  if (Array.isArray(config)) throw corrupt(source.path, l10n.t('The layer "{0}" has no configuration.', path));
  if (type === 'InputLayer') {
    const shape = inputShape(written);
    return { name, type, config: shape ? { shape } : {}, calls };
  }
  const known = layerConfig(type, config, { path, type }, source.path);
  return { name, type: known.type, config: keptOf(known.type, known.config, path, source), calls };
}

/** The settings that change the arithmetic: what our kind of that layer reads. */
function keptOf(type: string, config: Record<string, unknown>, path: string, source: Source): Record<string, unknown> {
  const parsed = kindOf(type, path).config.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused({ path, type }, l10n.t('its setting "{0}": {1}', issue?.path.join('.') ?? '', issue?.message ?? ''), source.path);
  }
  const format = config.data_format;
  return { ...parsed.data, ...(typeof format === 'string' && { data_format: format }) };
}

/** `input_layers`: a list of references, or from newer Kerases one alone. */
function references(value: unknown): Reference[] {
  const one = referenceOf(value);
  if (one) return [one];
  return Array.isArray(value) ? value.map(referenceOf).filter((found) => found !== null) : [];
}

type InputSides = (number | null)[];

/** [null, 224, 224, 3] → [224, 224, 3] */
function shapeOf(value: unknown): InputSides | null {
  const parsed = z.array(z.int().min(1).nullable()).min(1).safeParse(unwrapped(value));
  return parsed.success ? parsed.data.slice(1) : null;
}

/** By its names in Keras 2 (`batch_input_shape`) and 3 (`batch_shape`). */
function inputShape({ config }: Written): InputSides | null {
  return Array.isArray(config) ? null : shapeOf(config.batch_input_shape ?? config.batch_shape);
}

/** Names of the layers of a Sequential model; a model inside that has none is called by its class. */
function distinct(written: readonly Written[]): string[] {
  const names: string[] = [];
  for (const layer of written) names.push(freeName(ownName(layer) ?? layer.class_name.toLowerCase(), names));
  return names;
}

function ownName({ name, config }: Written): string | undefined {
  return name ?? (Array.isArray(config) ? undefined : config.name);
}

function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let i = 1; taken.includes(free); i++) free = `${name}_${i}`;
  return free;
}
