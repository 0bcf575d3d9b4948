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
 * Opens a file that the webview names, relative to the first folder or absolute, at a line where it names one (`a.csv:7`).
 * It must lie in one of the folders: anything else is none of the webview's business. Data may be a single file, which is
 * named as if its folder were the root.
 */
export async function openFile(name: string, folders: readonly [string, ...string[]], ui: TabUi): Promise<void> {
  const isFile = await stat(folders[0]).then(
    (found) => found.isFile(),
    () => false,
  );
  const root = isFile ? path.dirname(folders[0]) : folders[0];
  const allowed = (file: string) => folders.some((folder) => isInside(folder, file));
  const there = async (file: string) => allowed(file) && (await stat(file).catch(() => null)) !== null;
  const whole = path.resolve(root, name);
  if (await there(whole)) return ui.openFile(whole);
  const found = /^(.+):(\d+)$/s.exec(name);
  const file = found && path.resolve(root, found[1] as string);
  if (file && (await there(file))) return ui.openFile(file, Number(found[2]));
  if (!allowed(file ?? whole)) return;
  ui.showFailure({
    code: 'io.gone',
    message: l10n.t('“{0}” is no longer there.', name),
    hint: l10n.t('It was moved, renamed or deleted since the folder was read.'),
    path: file ?? whole,
  });
}
