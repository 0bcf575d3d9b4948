import path from 'node:path';
import { parseHubName } from '../hub';
import { locate, type Places } from '../locate';
import type { AdapterBase } from './card';

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
