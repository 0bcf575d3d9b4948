import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { ThawError } from '../../protocol/failure';
import type { NamedTensors, TensorData } from '../engine/engine';
import { buildTextModel, type TextHead, type TextModel } from '../models/text';
import { initialTensors, tensorsOf } from '../nn';
import { writeFlushed } from '../runs/durable';
import { adaptTree, classesIn, type Fitted, fit, notOfBase, withAdapter } from './adapter/fit';
import { mergeAdapter } from './adapter/merge';
import { textNaming } from './adapter/naming';
import { labelsOf, readAdapter } from './adapter/read';
import { corrupt } from './corrupt';
import { notFinite, notFiniteMessage } from './finite';
import { readJson } from './json';
import { hashOf } from './load';
import { writeSafetensors } from './safetensors';
import { replaceFolder } from './save';
import { requireWeights, type WeightFiles } from './weightFiles';

export interface TextOptions {
  readonly head: TextHead;
  /** Of a new classifier; absent: the checkpoint's own, its head kept. */
  readonly classes?: number;
  /** The classifier is kept too where the checkpoint has these labels in this order. */
  readonly labels?: readonly string[];
  /** Folder of an adapter to it. Its weights are merged into the model's, unless it is to stay beside them and learn on. */
  readonly adapter?: string;
  readonly keepsAdapter?: boolean;
}

export interface DescribedTextModel {
  readonly model: TextModel;
  /** The checkpoint's labels; null where it says none. */
  readonly labels: readonly string[] | null;
  /** Whether the head's values come from the checkpoint. */
  readonly keepsHead: boolean;
  /** Names of the tensors that are not the base's checkpoint's: they are drawn, or an adapter brings them. */
  readonly drawn: ReadonlySet<string>;
}

export interface LoadedTextModel extends DescribedTextModel {
  /** Every tensor of the tree by full name; what the checkpoint lacks already drawn. */
  readonly tensors: NamedTensors;
  /** SHA-256 (hex) of the weights. */
  readonly sha256: string;
}

interface Plan extends DescribedTextModel {
  readonly weights: WeightFiles;
  /** Our names → the file's, of what is taken from it. */
  readonly names: ReadonlyMap<string, string>;
  readonly fitted: Fitted | null;
}

const configSchema = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  id2label: z.record(z.string(), z.string()).optional(),
});

/**
 * The model of a folder in Hugging Face's layout, from its config.json and the header of its weights, which are not read.
 * @param remote weights that do not lie in the folder
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`
 */
export async function describeTextModel(folder: string, options: TextOptions, remote?: WeightFiles): Promise<DescribedTextModel> {
  const { model, labels, keepsHead, drawn, fitted } = await planOf(folder, options, remote);
  if (fitted && options.keepsAdapter) await adaptTree(fitted);
  return { model, labels, keepsHead, drawn: notOfBase(drawn, fitted) };
}

/**
 * The same with its values. A new head, and what another head's checkpoint lacks, is drawn from the seed.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`
 */
export async function loadTextModel(folder: string, options: TextOptions & { readonly seed: number }): Promise<LoadedTextModel> {
  const { weights, names, fitted, ...described } = await planOf(folder, options);
  const wanted = new Set(names.values());
  const files = [...weights.files, ...(fitted?.adapter.weights.files ?? [])];
  const [read, sha256] = await Promise.all([weights.read((name) => wanted.has(name)), hashOf(files)]);
  const bad = notFinite(read);
  if (bad !== null) throw corrupt(weights.files[0] as string, notFiniteMessage(bad));
  const { model } = described;
  const drawn = initialTensors(model.root, options.seed, (name) => described.drawn.has(name));
  const tensors = new Map<string, TensorData>();
  for (const { name } of tensorsOf(model.root)) tensors.set(name, drawn.get(name) ?? (read.get(names.get(name) as string) as TensorData));
  if (!fitted) return { ...described, tensors, sha256 };
  const whole = await withAdapter(fitted, tensors, model, options.keepsAdapter);
  return { ...described, drawn: notOfBase(described.drawn, fitted), tensors: whole, sha256 };
}

async function planOf(folder: string, { head, classes, labels: wanted, adapter: from }: TextOptions, remote?: WeightFiles): Promise<Plan> {
  const file = path.join(folder, 'config.json');
  const raw = await readJson(file, configSchema);
  const weights = remote ?? (await requireWeights(folder));
  const own = buildTextModel(raw, { head, path: file });
  const adapter = from === undefined ? null : await readAdapter(from);
  const brought = adapter && classesIn(adapter, own, textNaming(own).placing);
  const ownLabels = raw.id2label ? numbered(raw.id2label) : null;
  const labels = adapter && brought !== null ? labelsOf(adapter, brought, ownLabels) : ownLabels;
  let model = buildTextModel(raw, { head, classes: classes ?? brought ?? undefined, path: file });
  const isSame = labels !== null && wanted?.join('\n') === labels.join('\n') && classes === (brought ?? own.classes);
  const isWanted = classes === undefined || isSame;
  const isOwn = head !== 'sequence-classification' || (brought === null && raw.architectures?.[0] === model.architecture && isWanted);
  const names = await namesOf(model, weights, isOwn);
  const fitting = { ...textNaming(model), title: model.title, keepsHead: isWanted };
  const fitted = adapter && fit(adapter, model, fitting);
  const all = [...tensorsOf(model.root)].map(({ name }) => name);
  const drawn = new Set(all.filter((name) => !names.has(name)));
  const isFresh = (path: string) => all.some((name) => name.startsWith(`${path}.`) && drawn.has(name) && !fitted?.whole.has(name));
  model = { ...model, fresh: model.drawn.filter(isFresh) };
  return { model, labels, weights, names, fitted, drawn, keepsHead: all.every((name) => !drawn.has(name) || fitted?.whole.has(name)) };
}

/** In the order of their numbers. */
function numbered(id2label: Readonly<Record<string, string>>): string[] {
  return Object.entries(id2label)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
}

/**
 * Compares the weights' header with the model, so that what is read later fits.
 * @param takesHead whether the head's tensors are taken too
 * @throws ThawError `model.corrupt` for missing or misshapen tensors, `model.unsupported` for ones too many
 */
async function namesOf(model: TextModel, weights: WeightFiles, takesHead: boolean): Promise<Map<string, string>> {
  const entries = await weights.entries();
  const isUnder = (name: string, paths: readonly string[]) => paths.some((prefix) => name.startsWith(`${prefix}.`));
  const names = new Map<string, string>();
  const [known, missing] = [new Set<string>(), [] as string[]];
  for (const { name, shape } of tensorsOf(model.root)) {
    const theirs = model.aliases(name).find((alias) => entries.has(alias));
    if (theirs !== undefined) known.add(theirs);
    const isHead = isUnder(name, [model.head]);
    if (isHead && !takesHead) continue;
    if (theirs === undefined) {
      if (!isHead && !isUnder(name, model.drawn)) missing.push(name);
      continue;
    }
    const { type, shape: found } = entries.get(theirs) as { type: string; shape: readonly number[] };
    if (found.join() !== shape.join() || !/F/.test(type))
      throw corrupt(
        weights.path,
        l10n.t(
          'The tensor "{0}" is {1} [{2}]; {3} needs numbers with a fraction, [{4}].',
          theirs,
          type,
          found.join(', '),
          model.architecture,
          shape.join(', '),
        ),
      );
    names.set(name, theirs);
  }
  if (missing.length > 0)
    throw corrupt(weights.path, l10n.t('{0} tensors of {1} are missing: {2}', missing.length, model.architecture, some(missing)));
  const unknown = [...entries.keys()].filter((name) => !known.has(name) && !model.ignored(name));
  if (unknown.length > 0)
    throw new ThawError(
      'model.unsupported',
      l10n.t('{0} tensors do not belong to {1}: {2}', unknown.length, model.architecture, some(unknown)),
      l10n.t('The configuration and the weights are of different models. Get both from one place.'),
      { path: weights.path },
    );
  return names;
}

function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} …` : names.join(', ');
}

export interface SavedTextModel {
  readonly model: TextModel;
  /** Every tensor of the tree; others are left out, and adapters merged into their layers. */
  readonly tensors: NamedTensors;
  /** Of a classifier; empty for a language model. */
  readonly labels: readonly string[];
  /** README.md, the model card. */
  readonly card: string;
  /** Paths of files that go along under their own names: the tokenizer's. */
  readonly files?: readonly string[];
}

/** Writes a model as transformers saves one: config.json, model.safetensors, README.md and the tokenizer's files; whole or not at all. */
export async function saveTextModel(folder: string, { model, tensors, labels, card, files = [] }: SavedTextModel): Promise<void> {
  const ordered = mergeAdapter(model, tensors);
  await replaceFolder(folder, async (aside) => {
    await writeFlushed(path.join(aside, 'config.json'), jsonOf(configOf(model, labels)));
    await writeFlushed(path.join(aside, 'README.md'), card);
    for (const file of files) await copyFile(file, path.join(aside, path.basename(file)));
    await writeSafetensors(path.join(aside, 'model.safetensors'), ordered, { format: 'pt' });
  });
}

/** With the labels; the element type that the checkpoint had is no longer the weights'. */
function configOf(model: TextModel, labels: readonly string[]): Record<string, unknown> {
  const { id2label: _, label2id: __, num_labels: ___, torch_dtype: ____, dtype: _____, ...rest } = model.config;
  if (model.kind !== 'sequence-classification') return rest;
  const id2label = Object.fromEntries(labels.map((label, i) => [`${i}`, label]));
  const label2id = Object.fromEntries(labels.map((label, i) => [label, i]));
  return { ...rest, id2label, label2id };
}

/** Settings that transformers wants to be floats: 1.0, where JSON of JavaScript says 1. */
const floats = ['initializer_factor', 'initializer_range', 'rope_theta', 'factor', 'low_freq_factor', 'high_freq_factor'];
const wholeFloats = new RegExp(`^(\\s*"(?:${floats.join('|')})": -?\\d+)(?=,?$)`, 'gm');

function jsonOf(config: Record<string, unknown>): string {
  return `${JSON.stringify(config, null, 2).replace(wholeFloats, '$1.0')}\n`;
}
