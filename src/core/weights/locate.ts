import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import { runFiles } from '../../protocol/paths';
import { canStartFromScratch } from '../models';

export interface Places {
  readonly modelsFolder: string;
  readonly runsFolder?: string;
}

/** Where a model comes from. `folder` holds its config.json; a run's lies one deeper than `run`. */
export type Located =
  | { readonly source: 'bundled' | 'disk'; readonly folder: string }
  | { readonly source: 'run'; readonly folder: string; readonly run: string }
  | { readonly source: 'scratch'; readonly architecture: string };

/** Bundled models: `THAW_MODELS`, else `models/` beside Thaw's package.json. */
export function modelsFolder(): string {
  if (process.env.THAW_MODELS) return path.resolve(process.env.THAW_MODELS);
  let folder = __dirname;
  while (!existsSync(path.join(folder, 'package.json')) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  return path.join(folder, 'models');
}

/**
 * What an id stands for: a bundled model, one that learns from scratch, a folder with a config.json, a run's folder, or the
 * name of a run in the runs folder; the first of these that is there.
 * @throws ThawError `model.missing`
 */
export async function locate(id: string, { modelsFolder, runsFolder }: Places): Promise<Located> {
  const isName = /^[\w.-]+$/.test(id) && !/^\.+$/.test(id);
  const bundled = path.join(modelsFolder, id);
  if (isName && existsSync(path.join(bundled, 'config.json'))) return { source: 'bundled', folder: bundled };
  if (canStartFromScratch(id)) return { source: 'scratch', architecture: id };
  for (const folder of [path.resolve(id), ...(isName && runsFolder ? [path.resolve(runsFolder, id)] : [])]) {
    if (await isFolder(folder)) return inFolder(folder);
  }
  if (/^(tf_)?efficientnet_lite\d$/.test(id))
    throw new ThawError(
      'model.missing',
      l10n.t('The model "{0}" is not in {1}.', id, modelsFolder),
      l10n.t('Fetch it with "npm run models" in Thaw\'s folder, or let the small network "convnet_small" learn from scratch.'),
      { path: bundled },
    );
  throw new ThawError(
    'model.missing',
    l10n.t('There is no model "{0}".', id),
    l10n.t('Give a name that "thaw models" lists, the folder of a model with its config.json, or the folder of an earlier run.'),
    { path: path.resolve(id) },
  );
}

function inFolder(folder: string): Located {
  const inner = path.join(folder, runFiles.model);
  const isRun = existsSync(path.join(folder, runFiles.record));
  if (existsSync(path.join(inner, 'config.json'))) return { source: 'run', folder: inner, run: folder };
  if (!isRun) return { source: 'disk', folder };
  throw new ThawError(
    'model.missing',
    l10n.t('The run has not left a model yet.'),
    l10n.t('Let it finish or stop it: either leaves the best model in its folder. Or choose another model.'),
    { path: folder },
  );
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
