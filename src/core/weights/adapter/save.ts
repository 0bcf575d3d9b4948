import path from 'node:path';
import type { LoraConfig } from '../../../protocol/runConfig';
import type { NamedTensors, TensorData } from '../../engine/engine';
import type { Network } from '../../models/model';
import type { TextModel } from '../../models/text';
import { type Linear, linearsOf, type Module, tensorsOf } from '../../nn';
import { writeFlushed } from '../../runs/durable';
import { writeSafetensors } from '../safetensors';
import { replaceFolder } from '../save';
import { type AdapterBase, adapterCard } from './card';
import { adapterFiles, taskTypes } from './config';
import { isAdapterTensor } from './merge';
import { type Naming, ownNames } from './naming';

export interface SavedAdapter {
  /** With its adapters. */
  readonly model: Network & Partial<Pick<TextModel, 'kind'>>;
  /** At least those of the adapters, and all that `changed` names. */
  readonly tensors: NamedTensors;
  readonly lora: Pick<LoraConfig, 'dropout' | 'rslora'>;
  readonly base: AdapterBase;
  /** Whether a tensor other than the adapters' is not the base's: it learned, or was drawn. It goes along whole. */
  readonly changed: (name: string) => boolean;
  /** How the base calls its tensors; as we do, where this is absent. */
  readonly naming?: Naming;
  /** Of a classifier. */
  readonly labels?: readonly string[];
  /** For people, in README.md. */
  readonly title: string;
}

/** Whether an adapter can say all that a model has learned: no layer has both an adapter and a weight of its own that changed. */
export function fitsAdapter(model: Pick<Network, 'root'>, changed: (name: string) => boolean): boolean {
  const adapted = [...linearsOf(model.root)].filter((layer) => layer.adapter !== null);
  return adapted.length > 0 && !adapted.some((layer) => layer.tensors.some(({ key }) => changed(layer.nameOf(key))));
}

/**
 * Writes adapters as PEFT 0.21 does: adapter_config.json, adapter_model.safetensors with its names, README.md; whole or not at
 * all. The labels stand in the header of the weights.
 */
export async function saveAdapter(folder: string, saved: SavedAdapter): Promise<void> {
  const { model, base, labels, title } = saved;
  if (!fitsAdapter(model, saved.changed)) throw new Error('saveAdapter: an adapted layer has learned itself, or none is adapted');
  const naming = saved.naming ?? ownNames;
  const tensors = new Map<string, TensorData>();
  const scales = new Map<string, { rank: number; alpha: number }>();
  for (const layer of linearsOf(model.root)) {
    if (layer.adapter) addLayer(layer, saved, naming, { tensors, scales });
  }
  const modules = new Set<string>();
  for (const { name, statistic } of tensorsOf(model.root)) {
    if (statistic || isAdapterTensor(name) || !saved.changed(name)) continue;
    const value = tensorOf(saved.tensors, name);
    const theirs = naming.namesOf(name);
    for (const [part, full] of theirs.entries()) {
      tensors.set(`base_model.model.${full}`, partOf(value, part, theirs.length));
      modules.add(moduleToSave(full));
    }
  }
  const config = configOf(saved, { scales, modules, naming });
  const metadata = { format: 'pt', ...(labels && labels.length > 0 && { labels: JSON.stringify(labels) }) };
  await replaceFolder(folder, async (aside) => {
    await writeFlushed(path.join(aside, adapterFiles.config), `${JSON.stringify(config, null, 2)}\n`);
    await writeFlushed(path.join(aside, 'README.md'), adapterCard({ base, title, labels, kind: model.kind }));
    await writeSafetensors(path.join(aside, adapterFiles.weights[0]), tensors, metadata);
  });
}

/** PEFT saves a classifier of these names whole on its own account: a second name for a part of it would be in its way. */
function moduleToSave(tensor: string): string {
  return /^(classifier|score)\./.exec(tensor)?.[1] ?? tensor.replace(/\.[^.]+$/, '');
}

interface Found {
  readonly tensors: Map<string, TensorData>;
  /** By the base's names of layers. */
  readonly scales: Map<string, { rank: number; alpha: number }>;
}

/** A layer that the base has in parts gives each of them the same A and its rows of B. */
function addLayer(layer: Linear, { tensors, lora }: SavedAdapter, naming: Naming, found: Found): void {
  const { rank, scale } = layer.adapter as NonNullable<typeof layer.adapter>;
  const theirs = naming.namesOf(`${layer.path}.weight`);
  const [down, up] = ['lora_A', 'lora_B'].map((key) => tensorOf(tensors, `${layer.path}.${key}.weight`)) as [TensorData, TensorData];
  for (const [part, full] of theirs.entries()) {
    const name = full.replace(/\.weight$/, '');
    found.tensors.set(`base_model.model.${name}.lora_A.weight`, down);
    found.tensors.set(`base_model.model.${name}.lora_B.weight`, partOf(up, part, theirs.length));
    // α in PEFT's terms, without what a division and a multiplication leave behind
    found.scales.set(name, { rank, alpha: Number((scale * (lora.rslora ? Math.sqrt(rank) : rank)).toPrecision(12)) });
  }
}

function tensorOf(tensors: NamedTensors, name: string): TensorData {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`saveAdapter: the tensor ${name} is missing`);
  return tensor;
}

function partOf({ dtype, shape, data }: TensorData, part: number, of: number): TensorData {
  if (of === 1) return { dtype, shape, data };
  const length = data.length / of;
  return { dtype, shape: [(shape[0] as number) / of, ...shape.slice(1)], data: data.subarray(part * length, (part + 1) * length) };
}

function configOf(
  { model, lora, base }: SavedAdapter,
  { scales, modules, naming }: { scales: Found['scales']; modules: ReadonlySet<string>; naming: Naming },
): Record<string, unknown> {
  const [{ rank, alpha }] = [...scales.values()] as [{ rank: number; alpha: number }];
  const others = (key: 'rank' | 'alpha', usual: number) =>
    Object.fromEntries([...scales].filter(([, own]) => own[key] !== usual).map(([name, own]) => [name.replaceAll('.', '\\.'), own[key]]));
  const adapted = [...linearsOf(model.root)].filter((layer) => layer.adapter);
  const all = [...modulesWithWeight(model.root)].flatMap((name) => naming.namesOf(`${name}.weight`));
  return {
    peft_type: 'LORA',
    task_type: model.kind && model.kind in taskTypes ? taskTypes[model.kind as keyof typeof taskTypes] : null,
    base_model_name_or_path: base.name,
    revision: base.revision,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: lora.dropout,
    use_rslora: lora.rslora,
    rank_pattern: others('rank', rank),
    alpha_pattern: others('alpha', alpha),
    target_modules: endings(
      [...scales.keys()],
      all.map((name) => name.replace(/\.weight$/, '')),
    ),
    modules_to_save: modules.size > 0 ? [...modules] : null,
    fan_in_fan_out: adapted.every((layer) => layer.inputFirst),
    bias: 'none',
    inference_mode: true,
    init_lora_weights: true,
  };
}

function* modulesWithWeight(module: Module): Generator<string> {
  if (module.tensors.some(({ key }) => key === 'weight') && !isAdapterTensor(`${module.path}.weight`)) yield module.path;
  for (const [, child] of module.children) yield* modulesWithWeight(child);
}

/** The shortest ends of names that stand for these names and for no other: `query`, `attn.c_proj`; else the whole name. */
function endings(names: readonly string[], all: readonly string[]): string[] {
  const chosen = new Set(names);
  const matches = (end: string) => all.filter((name) => name === end || name.endsWith(`.${end}`));
  const found = new Set<string>();
  for (const name of names) {
    const keys = name.split('.');
    const ends = keys.map((_, i) => keys.slice(keys.length - 1 - i).join('.'));
    found.add(ends.find((end) => matches(end).every((match) => chosen.has(match))) ?? name);
  }
  return [...found];
}
