import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

/** Copies the sample pictures to where the person wants them, and shows them in the Explorer. */
export async function openSample(context: vscode.ExtensionContext): Promise<void> {
  const parent = await chooseParent(context);
  if (!parent) return;
  const target = vscode.Uri.joinPath(parent, 'vehicles');
  if (!(await exists(target))) {
    await vscode.workspace.fs.createDirectory(parent);
    await vscode.workspace.fs.copy(vscode.Uri.joinPath(context.extensionUri, 'samples', 'vehicles'), target);
  }
  if (vscode.workspace.getWorkspaceFolder(target)) await vscode.commands.executeCommand('revealInExplorer', target);
  else await vscode.commands.executeCommand('vscode.openFolder', parent, { forceNewWindow: Boolean(vscode.workspace.workspaceFolders) });
}

async function chooseParent(context: vscode.ExtensionContext): Promise<vscode.Uri | undefined> {
  const own = vscode.Uri.joinPath(context.globalStorageUri, 'samples');
  const here = vscode.workspace.workspaceFolders?.find((folder) => folder.uri.scheme === 'file')?.uri;
  const places: (vscode.QuickPickItem & { uri?: vscode.Uri })[] = [
    ...(here ? [{ label: l10n.t('In this workspace'), description: path.join(here.fsPath, 'vehicles'), uri: here }] : []),
    { label: l10n.t('In Thaw’s own storage'), description: l10n.t('opens as a folder of its own'), uri: own },
    { label: l10n.t('Choose a folder…') },
  ];
  const place = await vscode.window.showQuickPick(places, {
    title: l10n.t('Open the Sample Pictures'),
    placeHolder: l10n.t('Where to put 160 small pictures of cars and trucks'),
  });
  if (!place || place.uri) return place?.uri;
  const [folder] =
    (await vscode.window.showOpenDialog({ canSelectFiles: false, canSelectFolders: true, openLabel: l10n.t('Copy Here') })) ?? [];
  return folder;
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
