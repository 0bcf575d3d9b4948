import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import { runFiles } from '../../protocol/paths';
import { canStartFromScratch } from '../models';
import { baseOf, isAdapter, noBase } from './adapter/base';
import { findModel, hubNameText, hubSettings, parseHubName, peek, pullHint, statedLicence } from './hub';
import { hasModel } from './hub/needed';
import { isKerasFile } from './keras/open';
import { isWeightsFile, type WeightFiles } from './weightFiles';

export interface Places {
  readonly modelsFolder: string;
  readonly runsFolder?: string;
  /** Present: the hub may be asked about a name that nothing here goes by. Its weights are not fetched. */
  readonly hub?: { readonly endpoint?: string; readonly token?: string; readonly signal?: AbortSignal };
  /** What the id was found to stand for: nothing is asked again. */
  readonly located?: Located;
}

/**
 * Where a model comes from. `folder` holds its config.json; a run's lies one deeper than `run`. `adapter` is a folder with an
 * adapter to what this is without it, `adapterExactly` that one's name at the commit, where it is the cache's.
 */
export type Located = Source & { readonly adapter?: string; readonly adapterExactly?: string };

type Source =
  | { readonly source: 'bundled' | 'disk'; readonly folder: string }
  /** A file of weights, its config.json beside it. */
  | { readonly source: 'disk'; readonly folder: string; readonly file: string }
  /** A file that Keras or TensorFlow.js wrote. */
  | { readonly source: 'disk'; readonly keras: string }
  | { readonly source: 'run'; readonly folder: string; readonly run: string }
  | { readonly source: 'scratch'; readonly architecture: string }
  /** In Hugging Face's cache; `exactly` is its name at the commit that it was downloaded at. */
  | { readonly source: 'cached'; readonly folder: string; readonly exactly: string; readonly licence: string }
  /** On the hub: a configuration here, the weights' header, and the values there. */
  | { readonly source: 'hub'; readonly folder: string; readonly weights: WeightFiles; readonly licence: string; readonly bytes: number };

/** Bundled models: `THAW_MODELS`, else `models/` beside Thaw's package.json. */
export function modelsFolder(): string {
  if (process.env.THAW_MODELS) return path.resolve(process.env.THAW_MODELS);
  let folder = __dirname;
  while (!existsSync(path.join(folder, 'package.json')) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  return path.join(folder, 'models');
}

/**
 * What an id stands for, the first of these that is there: a folder that holds a model, an adapter to one or a run, a file of
 * weights or a Keras model's, the name of a run in the runs folder, a bundled model, one that learns from scratch, a model or an
 * adapter of the hub in the cache, and where that may be asked, a model on the hub itself.
 * @throws ThawError `model.missing` | `hub.*`
 */
export async function locate(id: string, places: Places): Promise<Located> {
  if (places.located) return places.located;
  const source = await sourceOf(id, places);
  if (!('adapter' in source)) return source;
  const { adapter, exactly: adapterExactly } = source;
  const name = await baseOf(adapter, places.modelsFolder);
  const base = await sourceOf(name, places).catch((error: unknown) => {
    throw error instanceof ThawError && error.failure.code === 'model.missing' ? noBase(adapter, name, error) : error;
  });
  if ('adapter' in base || 'keras' in base || base.source === 'scratch') throw noBase(adapter, name);
  return { ...base, adapter, adapterExactly };
}

async function sourceOf(
  id: string,
  { modelsFolder, runsFolder, hub }: Places,
): Promise<Source | { readonly adapter: string; readonly exactly?: string }> {
  const isName = /^[\w.-]+$/.test(id) && !/^\.+$/.test(id);
  const given = await meant(path.resolve(id));
  const keras = await kerasFile(given);
  if (keras) return { source: 'disk', keras };
  if (isAdapter(given) && !(await hasModel(given))) return { adapter: given };
  if (holdsModel(given)) return inFolder(given);
  if (isWeightsFile(given) && existsSync(given)) return { source: 'disk', folder: path.dirname(given), file: given };
  const run = isName && runsFolder ? path.resolve(runsFolder, id) : null;
  if (run && (await isFolder(run))) return inFolder(run);
  const bundled = path.join(modelsFolder, id);
  if (isName && existsSync(path.join(bundled, 'config.json'))) return { source: 'bundled', folder: bundled };
  if (canStartFromScratch(id)) return { source: 'scratch', architecture: id };
  const name = parseHubName(id);
  const cached = name && (await findModel(hubSettings().cache, name));
  if (cached) {
    const { folder, commit } = cached;
    const exactly = hubNameText({ ...name, revision: commit });
    if (!(await hasModel(folder))) return { adapter: folder, exactly };
    return { source: 'cached', folder, exactly, licence: await statedLicence(folder) };
  }
  if (await isFolder(given)) return inFolder(given); // which says what it lacks
  if (isLite(id))
    throw new ThawError(
      'model.missing',
      l10n.t('The model "{0}" is not in {1}.', id, modelsFolder),
      l10n.t('Fetch it with "{0}" in Thaw\'s folder, or let the small network "convnet_small" learn from scratch.', fetching(id)),
      { path: bundled },
    );
  if (name && hub) {
    const { signal, ...access } = hub;
    const { folder, weights, model } = await peek(name, { signal, settings: hubSettings(access) });
    return { source: 'hub', folder, weights, licence: model.licence, bytes: model.bytes };
  }
  if (name && id.includes('/'))
    throw new ThawError('model.missing', l10n.t('"{0}" is neither a folder here nor a downloaded model.', id), pullHint(name), {
      path: given,
    });
  throw new ThawError(
    'model.missing',
    l10n.t('There is no model "{0}".', id),
    l10n.t('Give a name that "thaw models" lists, the folder of a model with its config.json, or the folder of an earlier run.'),
    { path: given },
  );
}

/**
 * What to write down for a run: the id, and of a model of the hub the commit too, so that a branch that moves on does not
 * change what a run began from.
 * @throws as locate
 */
export async function exactId(id: string, places: Places): Promise<string> {
  const located = await locate(id, places);
  if (located.adapter !== undefined) return located.adapterExactly ?? id;
  return located.source === 'cached' ? located.exactly : id;
}

/** Bundled by name: where it is missing, the hub is not where it should come from. */
function isLite(id: string): boolean {
  return /^(tf_)?efficientnet_lite\d$/.test(id);
}

/** What brings it: scripts/models.mjs, or the hub. */
function fetching(lite: string): string {
  const number = lite.at(-1) ?? '';
  if (lite.startsWith('tf_') || number > '2') return `thaw pull timm/tf_efficientnet_lite${number}.in1k`;
  return number === '0' ? 'npm run models' : `npm run models -- lite${number}`;
}

function holdsModel(folder: string): boolean {
  return [runFiles.record, 'config.json', path.join(runFiles.model, 'config.json')].some((file) => existsSync(path.join(folder, file)));
}

/** Who points at a model's config.json, at the index of its shards or at the shards of a `model.json` means their folder. */
async function meant(given: string): Promise<string> {
  const [folder, name] = [path.dirname(given), path.basename(given)];
  const isPart =
    name === 'config.json' ||
    name.endsWith('.index.json') ||
    (name.endsWith('.bin') && existsSync(path.join(folder, 'model.json')) && !existsSync(path.join(folder, 'config.json')));
  return isPart && existsSync(given) && !(await isFolder(given)) ? folder : given;
}

/** A Keras model's file, or the one in a folder that says nothing else of itself; TensorFlow.js's model.json before others. */
async function kerasFile(given: string): Promise<string | null> {
  if (!(await isFolder(given))) return isKerasFile(given) && existsSync(given) ? given : null;
  if (holdsModel(given)) return null;
  const found = (await readdir(given)).filter(isKerasFile);
  const name = found.includes('model.json') ? 'model.json' : found.length === 1 ? found[0] : undefined;
  return name === undefined ? null : path.join(given, name);
}

function inFolder(folder: string): Source {
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
