import path from 'node:path';
import * as vscode from 'vscode';
import { defaultRunsFolder } from '../protocol/paths';
import { deviceNames, engineNames } from '../protocol/runConfig';
import type { ChildSettings } from './childEnvironment';
import type { RunSettings } from './panelState';

/** Native settings, resolved to what a run needs. */
export class Settings {
  constructor(private readonly context: vscode.ExtensionContext) {}

  run(dataFolder: string): RunSettings {
    const settings = vscode.workspace.getConfiguration('thaw', vscode.Uri.file(dataFolder));
    return {
      runsFolder: this.runsFolderFor(dataFolder),
      engine: engineNames.find((name) => name === settings.get('engine')) ?? 'onnx',
      device: deviceNames.find((name) => name === settings.get('device')) ?? 'cpu',
      threads: settings.get('threads', 0),
      idleMinutes: settings.get('idleMinutes', 10),
    };
  }

  child(): ChildSettings {
    return {
      script: this.context.asAbsolutePath('dist/trainer.js'),
      modelsFolder: vscode.workspace.getConfiguration('thaw').get('modelsFolder', ''),
      tensorflowFolder: path.join(this.context.globalStorageUri.fsPath, 'tensorflow'),
      l10nBundle: vscode.l10n.uri?.fsPath ?? '',
      proxy: vscode.workspace.getConfiguration('http').get('proxy', ''),
    };
  }

  /** Every folder in which this window's runs lie. */
  runsFolders(): string[] {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file');
    return [...new Set(folders.length ? folders.map(runsFolderOf) : [this.ownRunsFolder])];
  }

  /** In the workspace folder that holds the data, else in the first one; without any, in the extension's own storage. */
  private runsFolderFor(dataFolder: string): string {
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(dataFolder)) ?? vscode.workspace.workspaceFolders?.[0];
    return folder?.uri.scheme === 'file' ? runsFolderOf(folder) : this.ownRunsFolder;
  }

  private get ownRunsFolder(): string {
    return path.join(this.context.globalStorageUri.fsPath, 'runs');
  }
}

function runsFolderOf(folder: vscode.WorkspaceFolder): string {
  const setting = vscode.workspace.getConfiguration('thaw', folder.uri).get('runsFolder', '') || defaultRunsFolder;
  return path.resolve(folder.uri.fsPath, setting);
}
