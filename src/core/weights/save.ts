import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { NamedTensors } from '../engine/engine';
import type { ImageModel } from '../models';
import { flushFolder, writeFlushed } from '../runs/durable';
import { mergeAdapter } from './adapter/merge';
import { writeSafetensors } from './safetensors';

export interface SavedModel {
  readonly model: ImageModel;
  /** Every tensor of the tree; others are left out, and adapters merged into their layers. */
  readonly tensors: NamedTensors;
  readonly labels: readonly string[];
  /** README.md, the model card. */
  readonly card: string;
}

/**
 * Writes a model as timm saves one: config.json (with labels and preprocessing), model.safetensors, README.md. It is written
 * aside, flushed and renamed, so the folder never holds half a model.
 */
export async function saveModel(folder: string, { model, tensors, labels, card }: SavedModel): Promise<void> {
  await replaceFolder(folder, async (aside) => {
    await writeFlushed(path.join(aside, 'config.json'), `${JSON.stringify(configOf(model, labels), null, 2)}\n`);
    await writeFlushed(path.join(aside, 'README.md'), card);
    await writeSafetensors(path.join(aside, 'model.safetensors'), mergeAdapter(model, tensors), { format: 'pt' });
  });
}

/** Puts what `write` writes in the place of a folder: aside at first, then flushed and renamed. */
export async function replaceFolder(folder: string, write: (aside: string) => Promise<void>): Promise<void> {
  const aside = `${folder}.new-${process.pid}`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  try {
    await write(aside);
    await flushFolder(aside);
    const old = `${folder}.old-${process.pid}`;
    await rename(folder, old).catch((error: { code?: string }) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(aside, folder).catch(async (error: unknown) => {
      await rename(old, folder).catch(() => undefined);
      throw error;
    });
    await flushFolder(path.dirname(folder));
    await rm(old, { recursive: true, force: true });
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/** timm's config with the labels; the tag named the weights that the model began from, and it is no longer they. */
function configOf(model: ImageModel, labels: readonly string[]): Record<string, unknown> {
  const { pretrained_cfg, ...rest } = model.config;
  const { tag: _, ...facts } = pretrained_cfg as Record<string, unknown>;
  return { ...rest, label_names: labels, pretrained_cfg: facts };
}
