import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ModelFacts } from '../../protocol/assistant';
import { ThawError } from '../../protocol/failure';
import { runFiles } from '../../protocol/paths';
import { scratchArchitectures } from '../models';
import { cachedModels, hubNameText, hubSettings } from './hub';
import { describeModel } from './load';
import type { Places } from './locate';
import { describeTextById } from './textModels';

/**
 * All models that can be chosen by name: bundled ones, those of the hub that were downloaded, those from scratch, and earlier
 * runs that left a model, the newest first. A folder that cannot be read as a model is passed over; choosing it by its path says why.
 */
export async function listModels(places: Places): Promise<ModelFacts[]> {
  const bundled = (await folders(places.modelsFolder)).filter((name) => existsSync(path.join(places.modelsFolder, name, 'config.json')));
  const scratch = scratchArchitectures.filter((name) => !bundled.includes(name));
  const runsFolder = places.runsFolder;
  const runs = runsFolder ? (await folders(runsFolder)).reverse().map((name) => path.resolve(runsFolder, name)) : [];
  const finished = runs.filter((run) => existsSync(path.join(run, runFiles.model, 'config.json')));
  const cached = (await cachedModels(hubSettings().cache)).map(hubNameText);
  const models: ModelFacts[] = [];
  for (const id of [...bundled, ...cached, ...scratch, ...finished]) {
    try {
      models.push((await describeTextById(id, places))?.facts ?? (await describeModel(id, places)).facts);
    } catch (error) {
      if (!(error instanceof ThawError)) throw error;
    }
  }
  return models;
}

/** Names of the folders in a folder, sorted; none where it is not there. */
async function folders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
