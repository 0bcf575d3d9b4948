import { stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { TabUi } from './tabServices';

/** Whether a path is the folder or lies below it. */
export function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative === '' || (relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative));
}

/**
 * Opens a file that the webview names, relative to the first folder or absolute. It must lie in one of the folders:
 * anything else is none of the webview's business.
 */
export async function openFile(name: string, folders: readonly [string, ...string[]], ui: TabUi): Promise<void> {
  const full = path.resolve(folders[0], name);
  if (!folders.some((folder) => isInside(folder, full))) return;
  if (await stat(full).catch(() => null)) ui.openFile(full);
  else
    ui.showFailure({
      code: 'io.gone',
      message: l10n.t('“{0}” is no longer there.', name),
      hint: l10n.t('It was moved, renamed or deleted since the folder was read.'),
      path: full,
    });
}
