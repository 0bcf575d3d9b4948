import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { ThawError } from '../../../protocol/failure';
import type { ImageTarget } from '../../data/target';
import { type Module, rooted, tensorsOf } from '../../nn';
import type { ImageModel } from '../model';
import { half, type ModelSpec, unsupported } from '../spec';
import { type KerasGraph, keyOf } from './graph';
import { type Head, headOf, withClasses, withNewHead } from './head';
import { Grey, scalesItself } from './input';
import { Silent } from './layers/activation';
import { KerasNetwork, Link } from './network';

const side = z.int().min(1).nullable();
const inputConfig = z.object({ shape: z.tuple([side, side, side]) });
const usualSize = 224;

/**
 * A Keras model, whatever its layers: the graph of its specification, its last dense layer made for the classes and giving
 * logits. Where the specification does not say how pictures are prepared: as they are where the model scales them itself
 * (`Rescaling`, `Normalization`), else to −1 … 1, as Teachable Machine and MobileNet do; whole, by bilinear interpolation.
 */
export function kerasFamily(spec: ModelSpec): ImageModel | null {
  if (spec.architecture !== 'keras' || !spec.keras) return null;
  const own = inputOf(spec.keras);
  const input = targetOf(spec, own.size);
  const { graph, head } = graphFor(spec.keras, own, spec.classes);
  const root = builtAt(graph, own, input.size);
  if (own.size !== null && own.size !== input.size) requireSame(root, builtAt(graph, own, own.size), own.size);
  rooted(root);
  const layers = root.chain();
  const headPath = pathOf(root, head);
  const heads = headsOn(layers, headPath);
  return {
    architecture: 'keras',
    title: graph.name,
    family: 'keras',
    root,
    chain: own.channels === 1 ? [new Grey(), ...layers] : layers,
    input,
    classes: spec.classes,
    head: headPath,
    heads,
    blocks: blocksOf(layers, heads),
    silent: [...silentIn(root)],
    config: configOf(spec, graph, input, headPath),
  };
}

interface Input {
  /** Null for pictures of any size. */
  readonly size: number | null;
  readonly channels: number;
  readonly channelsFirst: boolean;
}

/** @throws ThawError `model.unsupported` where the model does not take square pictures. */
function inputOf(graph: KerasGraph): Input {
  const channelsFirst = isChannelsFirst(graph);
  const found = inputConfig.safeParse(graph.layers.find((layer) => layer.type === 'InputLayer')?.config);
  if (!found.success) throw unsupported(l10n.t('The model does not take pictures.'));
  const { shape } = found.data;
  const [height, width, channels] = channelsFirst ? [shape[1], shape[2], shape[0]] : shape;
  if (height !== width || (channels !== 1 && channels !== 3 && channels !== null))
    throw unsupported(
      l10n.t('Pictures of {0} are not supported, only square ones with 3 channels.', shape.map((s) => s ?? '?').join(' × ')),
    );
  return { size: height, channels: channels ?? 3, channelsFirst };
}

/** Layers that work channel by channel; others name an order that they make no use of. */
const hasChannels = /Conv2D|Pooling2D|Padding2D|Cropping2D|UpSampling2D/;

/** One order holds for all of the model. @throws ThawError `model.unsupported` where layers differ. */
function isChannelsFirst(graph: KerasGraph): boolean {
  const formats = new Set<unknown>();
  const collect = ({ layers }: KerasGraph) => {
    for (const { type, config, graph: inner } of layers) {
      if (config.data_format && hasChannels.test(type)) formats.add(config.data_format);
      if (inner) collect(inner);
    }
  };
  collect(graph);
  if (formats.size > 1) throw unsupported(l10n.t('Some layers of the model have their channels first, others last.'));
  return formats.has('channels_first');
}

function targetOf({ input, keras }: ModelSpec, own: number | null): ImageTarget {
  const raw = scalesItself(keras as KerasGraph);
  return {
    size: own ?? usualSize,
    crop: 1,
    interpolation: 'bilinear',
    mean: raw ? [0, 0, 0] : half,
    std: raw ? [1 / 255, 1 / 255, 1 / 255] : half,
    ...input,
  };
}

/** The graph with a head for so many classes: its own one resized, or a new one. */
function graphFor(graph: KerasGraph, own: Input, classes: number): { graph: KerasGraph; head: Head } {
  const head = headOf(graph);
  if (head) {
    const changed = withClasses(graph, head.path, classes);
    if (String(outputOf(changed, own)) === String(classes)) return { graph: changed, head };
  }
  return withNewHead(graph, outputOf(graph, own).length, classes);
}

function outputOf(graph: KerasGraph, own: Input) {
  const network = builtAt(graph, own, own.size ?? usualSize);
  return network.shapeOf(network.inputs);
}

function builtAt(graph: KerasGraph, { channels, channelsFirst }: Input, size: number): KerasNetwork {
  return new KerasNetwork(graph, [channels, size, size], { channelsFirst });
}

/** @throws ThawError `config.invalid` for a size at which the model would need other weights. */
function requireSame(network: KerasNetwork, own: KerasNetwork, size: number): void {
  const shapes = (module: Module) => [...tensorsOf(module)].map(({ shape }) => shape.join()).join(' ');
  if (shapes(network) === shapes(own)) return;
  throw new ThawError(
    'config.invalid',
    l10n.t('The model takes pictures of {0} pixels and no others: its dense layers have as many weights.', size),
    l10n.t('Leave the image size as it is.'),
  );
}

function pathOf(root: KerasNetwork, { path }: Head): string {
  let here: Module = root;
  for (const name of path) here = here.children.find(([key]) => key === keyOf(name))?.[1] as Module;
  return here.path;
}

/** The modules of a chain as the tree has them. */
function partsOf(chain: readonly Module[]): Module[] {
  return chain.flatMap((link) => (link instanceof Link ? link.children.map(([, child]) => child) : [link]));
}

const hasTensors = (module: Module) => !tensorsOf(module).next().done;

/**
 * What was put on top of a model that somebody had learned before: where the last convolution belongs to a model inside,
 * all layers with weights that follow that model. What they know are other classes, so they are replaced together, as
 * Teachable Machine does. In a model that is of one piece, the last layer alone.
 */
function headsOn(chain: readonly Module[], head: string): string[] {
  const parts = partsOf(chain);
  const last = parts.findLastIndex((module) => module.tensors.some(({ shape }) => shape.length === 4));
  const base = parts[last]?.path.split('.').slice(0, -1).join('.');
  if (!base || head.startsWith(`${base}.`)) return [head];
  const above = parts.slice(last + 1).filter((module) => hasTensors(module) && !module.path.startsWith(`${base}.`));
  return above.map(({ path }) => path);
}

/** `block_16_expand`, `conv5_block3_1_conv`, `expanded_conv_10_project` and `conv_pw_13_bn` belong to blocks of Keras's own models. */
const blockName = /^(.*block_?\d+[a-z]?|.*expanded_conv_\d+)_|^(?:.*\.)?conv_[dp]w_(\d+)/;

/**
 * What preset "top" counts: blocks by their layers' names, or else the links of the chain that have weights. A block is
 * known by the path of its first layer; the heads are none.
 */
function blocksOf(chain: readonly Module[], heads: readonly string[]): string[] {
  const blocks: { path: string; block: string | null }[] = [];
  for (const { path } of partsOf(chain).filter((module) => hasTensors(module) && !heads.includes(module.path))) {
    const [, name, number] = blockName.exec(path) ?? [];
    const block = name ?? number ?? null;
    if (block === null || blocks.at(-1)?.block !== block) blocks.push({ path, block });
  }
  const named = blocks.filter(({ block }) => block !== null);
  return (named.length > 0 ? named : blocks).map(({ path }) => path);
}

function* silentIn(module: Module): Generator<{ path: string; type: string }> {
  if (module instanceof Silent && module.acts) yield { path: module.path, type: module.type };
  for (const [, child] of module.children) yield* silentIn(child);
}

/** Thaw's own config.json for these: timm's keys, and the graph under `keras`. */
function configOf(spec: ModelSpec, graph: KerasGraph, input: ImageTarget, head: string): Record<string, unknown> {
  return {
    architecture: 'keras',
    num_classes: spec.classes,
    keras: graph,
    pretrained_cfg: {
      input_size: [3, input.size, input.size],
      interpolation: input.interpolation,
      crop_pct: input.crop,
      crop_mode: 'center',
      mean: [...input.mean],
      std: [...input.std],
      num_classes: spec.classes,
      classifier: head,
      ...(spec.licence && { license: spec.licence }),
    },
  };
}
