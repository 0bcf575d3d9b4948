import { existsSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import type { TensorData } from '../../engine/engine';
import { corrupt } from '../corrupt';
import { notFinite, notFiniteMessage } from '../finite';
import { readSafetensorsHeader } from '../safetensorsHeader';
import { type StoredEntry, type WeightFiles, weightsFile } from '../weightFiles';
import { type AdapterConfig, adapterFiles, readAdapterConfig } from './config';

/** The files' names of a layer's A [rank, in] and B [out, rank]. */
export interface StoredPair {
  readonly down: string;
  readonly up: string;
}

/** An adapter's folder, its configuration and the header of its weights read; names are those of the base's modules. */
export interface Adapter {
  readonly folder: string;
  readonly config: AdapterConfig;
  readonly weights: WeightFiles;
  readonly entries: ReadonlyMap<string, StoredEntry>;
  /** Adapted layers → the tensors of their adapters. */
  readonly layers: ReadonlyMap<string, StoredPair>;
  /** Tensors of the base that were trained whole (a classifier) → the file's names of them. */
  readonly whole: ReadonlyMap<string, string>;
  /** Of the classifier, where Thaw wrote the adapter. */
  readonly labels: readonly string[] | null;
}

/**
 * An adapter as PEFT saves one, its values left in the file: adapter_config.json, and adapter_model.safetensors or the older
 * adapter_model.bin, with names of PEFT's present (`….lora_A.weight`) or as they were in memory (`….lora_A.default.weight`).
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`
 */
export async function readAdapter(folder: string): Promise<Adapter> {
  const config = await readAdapterConfig(folder);
  const file = adapterFiles.weights.map((name) => path.join(folder, name)).find((name) => existsSync(name));
  if (!file)
    throw new ThawError(
      'model.missing',
      l10n.t('The adapter has no weights: neither adapter_model.safetensors nor adapter_model.bin is there.'),
      l10n.t('Get the whole folder again, or save it with PEFT ("save_pretrained").'),
      { path: folder },
    );
  const weights = weightsFile(file);
  const entries = await weights.entries();
  return { folder, config, weights, entries, ...sorted(entries, file), labels: await labelsIn(file) };
}

/** Its labels for so many classes, else those that the base has for as many. */
export function labelsOf({ labels }: Adapter, classes: number, base: readonly string[] | null): readonly string[] | null {
  return [labels, base].find((known) => known?.length === classes) ?? null;
}

/** The values of an adapter. @throws ThawError `model.corrupt` */
export async function readAdapterValues({ weights }: Adapter): Promise<Map<string, TensorData>> {
  const values = await weights.read(() => true);
  const bad = notFinite(values);
  if (bad !== null) throw corrupt(weights.path, notFiniteMessage(bad));
  return values;
}

const part = /^(?<layer>.+)\.lora_(?<side>[AB])(?:\.(?<adapter>[^.]+))?\.weight$/;

function sorted(entries: ReadonlyMap<string, StoredEntry>, file: string): Pick<Adapter, 'layers' | 'whole'> {
  const halves = new Map<string, { A?: string; B?: string }>();
  const whole = new Map<string, string>();
  const adapters = new Set<string>();
  for (const [name, { type }] of entries) {
    const bare = name.replace(/^base_model\.model\./, '');
    if (/\.original_module\./.test(bare)) continue; // the base's own, of which the trained one is a copy
    if (!/F/.test(type))
      throw corrupt(file, l10n.t('The tensor "{0}" holds {1}, and an adapter holds numbers with a fraction.', name, type));
    const found = part.exec(bare)?.groups as { layer: string; side: 'A' | 'B'; adapter?: string } | undefined;
    if (found) {
      adapters.add(found.adapter ?? '');
      const half = halves.get(found.layer) ?? {};
      half[found.side] = name;
      halves.set(found.layer, half);
    } else if (/\.lora_|\.(?:ia3|vera|oft|hada|lokr|boft)_/.test(bare)) throw unknownKind(name, file);
    else whole.set(bare.replace(/\.modules_to_save(?:\.default)?\./, '.'), name);
  }
  if (adapters.size > 1)
    throw new ThawError(
      'model.unsupported',
      l10n.t('The file holds several adapters: {0}.', [...adapters].filter(Boolean).join(', ')),
      l10n.t('Save one of them alone with PEFT ("save_pretrained").'),
      { path: file },
    );
  const layers = new Map<string, StoredPair>();
  for (const [layer, { A, B }] of halves) {
    if (A === undefined || B === undefined)
      throw corrupt(file, l10n.t('Of the adapter of {0}, {1} is missing.', layer, A === undefined ? 'lora_A' : 'lora_B'));
    layers.set(layer, { down: A, up: B });
  }
  if (layers.size === 0) throw corrupt(file, l10n.t('The file holds no adapter: no tensor is called lora_A.'));
  return { layers, whole };
}

function unknownKind(name: string, file: string): ThawError {
  return new ThawError(
    'model.unsupported',
    l10n.t('The adapter has the tensor "{0}", and only LoRA of linear layers is read.', name),
    l10n.t('Choose a plain LoRA adapter, or merge this one with PEFT ("merge_and_unload") and open what it saves.'),
    { path: file },
  );
}

/** What saveAdapter writes into the header, as PEFT has no place for labels. */
async function labelsIn(file: string): Promise<string[] | null> {
  if (!file.endsWith('.safetensors')) return null;
  const { metadata } = await readSafetensorsHeader(file);
  try {
    const labels: unknown = JSON.parse(metadata.labels ?? 'null');
    return Array.isArray(labels) && labels.every((label) => typeof label === 'string') ? labels : null;
  } catch {
    return null;
  }
}
