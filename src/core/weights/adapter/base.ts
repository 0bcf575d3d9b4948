import { existsSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import { adapterFiles, readAdapterConfig } from './config';

/** Whether a folder holds an adapter. */
export function isAdapter(folder: string): boolean {
  return existsSync(path.join(folder, adapterFiles.config));
}

/**
 * What an adapter's base goes by: a folder, seen from the adapter's or as it stands; one of that name among the bundled models,
 * where a path leads nowhere on this machine; else as it is written, with the revision of the hub.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`
 */
export async function baseOf(adapter: string, modelsFolder: string): Promise<string> {
  const { base } = await readAdapterConfig(adapter);
  if (!base) throw noBase(adapter, null);
  // Looking at a share would tell its owner who looks (UNC paths of Windows).
  if (/^[\\/]{2}/.test(base.name)) throw noBase(adapter, base.name);
  const beside = path.resolve(adapter, base.name.replaceAll('\\', '/'));
  if (/^\.{1,2}([\\/]|$)/.test(base.name) || existsSync(path.join(beside, 'config.json'))) return beside;
  const bundled = path.basename(base.name.replaceAll('\\', '/'));
  const isPath = path.isAbsolute(base.name) || path.win32.isAbsolute(base.name);
  if (isPath && !existsSync(base.name) && existsSync(path.join(modelsFolder, bundled, 'config.json'))) return bundled;
  return base.revision !== null && /^[\w.-]+(\/[\w.-]+)?$/.test(base.name) ? `${base.name}@${base.revision}` : base.name;
}

export function noBase(adapter: string, base: string | null, cause?: ThawError): ThawError {
  return new ThawError(
    'model.missing',
    base === null
      ? l10n.t('The adapter does not say which model it belongs to.')
      : l10n.t('The model "{0}", to which the adapter belongs, is not here.', base),
    cause && base !== null && /^[\w.-]+\/[\w.-]+/.test(base)
      ? cause.failure.hint
      : l10n.t('Write the folder or the name of that model into adapter_config.json, as "base_model_name_or_path".'),
    { path: path.join(adapter, adapterFiles.config), cause },
  );
}
