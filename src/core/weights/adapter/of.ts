import path from 'node:path';
import type { LoraConfig } from '../../../protocol/runConfig';
import { addLora, type Network } from '../../models';
import { parseHubName } from '../hub';
import { locate, type Places } from '../locate';
import type { AdapterBase } from './card';
import { readAdapter } from './read';

/**
 * What an adapter to a model that goes by this id is to name as its base: a folder, or a name and commit of the hub. Null where
 * there is nothing to name: for a network from scratch, a Keras model, a file of weights alone, and for a model that is a base
 * with another adapter in it, unless that one is what learned on.
 * @throws as locate
 */
export async function adapterBase(id: string, places: Omit<Places, 'hub'>, keepsAdapter = false): Promise<AdapterBase | null> {
  const located = await locate(id, places);
  if (located.source === 'scratch' || 'keras' in located || 'file' in located) return null;
  if (located.adapter !== undefined && !keepsAdapter) return null;
  const name = located.source === 'cached' ? parseHubName(located.exactly) : null;
  return name ? { name: name.repo, revision: name.revision } : { name: path.resolve(located.folder), revision: null };
}

/**
 * How an adapter is, for it to learn on; null where it is not the same in all of its layers.
 * @throws as readAdapter
 */
export async function loraOf(folder: string): Promise<LoraConfig | null> {
  const { config, layers, entries } = await readAdapter(folder);
  const { dropout, rslora } = config;
  const [first, ...others] = [...layers].map(([layer, { down }]) => {
    const rank = entries.get(down)?.shape[0] ?? 0;
    return { rank, scale: config.scaleOf(layer, rank) };
  });
  if (!first || others.some(({ rank, scale }) => rank !== first.rank || !isNear(scale, first.scale))) return null;
  const alpha = first.scale * (rslora ? Math.sqrt(first.rank) : first.rank);
  return { rank: first.rank, alpha: Number(alpha.toPrecision(9)), dropout, rslora, targets: [] };
}

/** Whether a model that goes by this id is an adapter with its base. @throws as locate */
export async function isAdapted(id: string, places: Omit<Places, 'hub'>): Promise<boolean> {
  return (await locate(id, places)).adapter !== undefined;
}

/**
 * Whether a model that goes by this id has an adapter that is what is asked for, so that it may learn on: of this rank, α and
 * dropout in all of its layers, wherever these are. Another one is merged into its base, and fresh adapters begin beside that.
 * @throws as locate and readAdapter
 */
async function hasSuchAdapter(id: string, lora: LoraConfig, places: Places): Promise<boolean> {
  const { adapter: folder } = await locate(id, places);
  if (folder === undefined || lora.targets.length > 0) return false;
  const own = await loraOf(folder);
  if (!own || own.rank !== lora.rank || !isNear(own.alpha, lora.alpha)) return false;
  return own.dropout === lora.dropout && own.rslora === lora.rslora;
}

/**
 * A model as a run begins with it. Where adapters are asked for they stand beside its layers: its own, which learns on, or fresh
 * ones; else its own is merged.
 * @param describe `keepsAdapter`: with the adapter that the model has already
 * @throws as locate, readAdapter, `describe` and addLora
 */
export async function describeAdapted<D extends { readonly model: Network }>(
  id: string,
  lora: LoraConfig | null | undefined,
  places: Places,
  describe: (keepsAdapter: boolean) => Promise<D>,
): Promise<{ described: D; keepsAdapter: boolean }> {
  const keepsAdapter = !!lora && (await hasSuchAdapter(id, lora, places));
  const described = await describe(keepsAdapter);
  if (lora && !keepsAdapter) addLora(described.model, lora);
  return { described, keepsAdapter };
}

const isNear = (a: number, b: number) => Math.abs(a - b) < 1e-8 * b;
