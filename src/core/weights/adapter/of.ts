import path from 'node:path';
import type { LoraConfig } from '../../../protocol/runConfig';
import { parseHubName } from '../hub';
import { locate, type Places } from '../locate';
import type { AdapterBase } from './card';
import { readAdapter, type StoredPair } from './read';

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
 * Whether a model that goes by this id has an adapter that is what is asked for, so that it may learn on: of this rank, α and
 * dropout in all of its layers, wherever these are. Another one is merged into its base, and fresh adapters begin beside that.
 * @throws as locate and readAdapter
 */
export async function hasSuchAdapter(id: string, lora: LoraConfig, places: Omit<Places, 'hub'>): Promise<boolean> {
  const { adapter: folder } = await locate(id, places);
  if (folder === undefined || lora.targets.length > 0) return false;
  const { config, layers, entries } = await readAdapter(folder);
  const scale = lora.alpha / (lora.rslora ? Math.sqrt(lora.rank) : lora.rank);
  const isSuch = ([layer, { down }]: [string, StoredPair]) =>
    entries.get(down)?.shape[0] === lora.rank && Math.abs(config.scaleOf(layer, lora.rank) - scale) < 1e-9 * scale;
  return config.dropout === lora.dropout && config.rslora === lora.rslora && [...layers].every(isSuch);
}
