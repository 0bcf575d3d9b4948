import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { ModelFacts } from '../../protocol/assistant';
import { type Module, tensorsOf } from '../nn';
import { readRecord } from '../runs';
import { loraOf } from './adapter/of';
import type { Located } from './locate';

/** What a run's record calls the model: a path where it has no name of its own. */
export function idOf(id: string, located: Located): string {
  if (located.adapter !== undefined) return path.resolve(id) === located.adapter ? located.adapter : id;
  if (located.source === 'run') return located.run;
  if (located.source !== 'disk') return id;
  if ('file' in located) return located.file;
  return 'keras' in located ? located.keras : located.folder;
}

/** How the adapter in a model is, where it is one that may learn on as a whole. */
export async function loraIn({ adapter }: Pick<Located, 'adapter'>): Promise<Pick<ModelFacts, 'lora'>> {
  const lora = adapter === undefined ? null : await loraOf(adapter);
  return lora ? { lora } : {};
}

/** Name of the data that a run learned from; of the run, where its record cannot be read. */
export async function dataOf(run: string): Promise<string> {
  return readRecord(run).then(
    (record) => path.basename(record.config.data.path),
    () => path.basename(run),
  );
}

/** timm's `apache-2.0` as SPDX spells it. */
export function licenceName(licence: string): string {
  const known: Readonly<Record<string, string>> = { 'apache-2.0': 'Apache-2.0', mit: 'MIT' };
  return known[licence] ?? licence;
}

/** Bytes of the files together. */
export async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Values that can learn; statistics are none. */
export function parametersOf(root: Module): number {
  return [...tensorsOf(root)].reduce((sum, t) => sum + (t.statistic ? 0 : t.shape.reduce((a, b) => a * b, 1)), 0);
}
