import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ModelFacts } from '../protocol/assistant';
import type { Task } from '../protocol/data';
import type { Failure } from '../protocol/failure';
import type { Format } from './format';
import type { Hub } from './hub';
import { showFailure } from './notifications';
import type { PickedModel, Picture, TabUi } from './tabServices';
import { installCommand } from './tensorflow';

/** What the image decoder reads. */
const pictureTypes = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'bmp', 'tif', 'tiff', 'avif'];

/** What a model may lie in, when it is one file. */
const modelFiles = ['safetensors', 'pth', 'pt', 'bin', 'keras', 'h5', 'hdf5', 'json'];

interface ModelItem extends vscode.QuickPickItem {
  readonly model?: string;
  /** To be chosen in another dialog. */
  readonly elsewhere?: 'folder' | 'file' | 'hub';
}

/** VS Code's own dialogs and editors, as a tab uses them. */
export class EditorUi implements TabUi {
  constructor(
    private readonly format: Format,
    private readonly log: vscode.LogOutputChannel,
    private readonly hub: Hub,
  ) {}

  async pickModel(models: readonly ModelFacts[], current: string, task: Task): Promise<PickedModel | undefined> {
    const groups: [string, ModelFacts['source']][] = [
      [l10n.t('Built in'), 'bundled'],
      [l10n.t('Downloaded'), 'cached'],
      [l10n.t('Earlier runs'), 'run'],
      [l10n.t('From scratch'), 'scratch'],
      [l10n.t('From disk'), 'disk'],
      [l10n.t('On the hub'), 'hub'],
    ];
    const items = groups.flatMap(([label, source]): ModelItem[] => {
      const found = models.filter((model) => model.source === source).map((model) => this.modelItem(model, current));
      const more: ModelItem[] =
        source === 'disk'
          ? [
              { label: `$(folder-opened) ${l10n.t('Choose a folder…')}`, elsewhere: 'folder' },
              {
                label: `$(file) ${l10n.t('Choose a file…')}`,
                description: modelFiles.map((type) => `.${type}`).join(' '),
                elsewhere: 'file',
              },
            ]
          : source === 'hub'
            ? [
                {
                  label: `$(cloud-download) ${l10n.t('On the hub…')}`,
                  description: l10n.t('popular models, or any by its name'),
                  elsewhere: 'hub',
                },
              ]
            : [];
      const group = [...found, ...more];
      return group.length ? [{ label, kind: vscode.QuickPickItemKind.Separator }, ...group] : [];
    });
    const picked = await vscode.window.showQuickPick(items, {
      title: l10n.t('Change Model'),
      placeHolder: l10n.t('The model that the run begins from'),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (!picked) return undefined;
    const id = picked.model ?? (await this.pickElsewhere(picked.elsewhere ?? 'folder', task));
    return id === undefined ? undefined : { id, onHub: picked.elsewhere === 'hub' };
  }

  downloadModel(id: string): Promise<boolean> {
    return this.hub.download(id);
  }

  async pickPicture(): Promise<Picture | undefined> {
    const [file] =
      (await vscode.window.showOpenDialog({ title: l10n.t('Try a Picture'), filters: { [l10n.t('Pictures')]: pictureTypes } })) ?? [];
    if (!file) return undefined;
    return { name: path.basename(file.fsPath), bytes: new Uint8Array(await vscode.workspace.fs.readFile(file)) };
  }

  openFile(file: string, line?: number): void {
    const selection = line === undefined ? {} : { selection: new vscode.Range(line - 1, 0, line - 1, 0) };
    const options = { preview: true, viewColumn: vscode.ViewColumn.Beside, ...selection };
    void vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file), options);
  }

  /** In the Explorer where it shows the folder, else in the system's file manager. */
  openFolder(folder: string): void {
    const uri = vscode.Uri.file(folder);
    const command = vscode.workspace.getWorkspaceFolder(uri) || vscode.env.remoteName ? 'revealInExplorer' : 'revealFileInOS';
    void vscode.commands.executeCommand(command, uri);
  }

  showLog(): void {
    this.log.show();
  }

  manageTrust(): void {
    void vscode.commands.executeCommand('workbench.trust.manage');
  }

  installTensorflow(): void {
    void vscode.commands.executeCommand(installCommand);
  }

  showFailure(failure: Failure): void {
    void showFailure(failure, this.log);
  }

  private modelItem(model: ModelFacts, current: string): ModelItem {
    const isText = model.maxLength !== undefined;
    const origin = model.pretrainedOn ? l10n.t('trained on {0}', model.pretrainedOn) : isText ? '' : l10n.t('starts from random weights');
    const size = isText ? l10n.t('{0} tokens', this.format.count(model.maxLength ?? 0)) : `${model.imageSize} × ${model.imageSize}`;
    return {
      model: model.id,
      label: model.id === current ? `$(check) ${model.title}` : model.title,
      description: [model.source === 'cached' ? model.id : '', l10n.t('{0} parameters', this.format.count(model.parameters))]
        .filter(Boolean)
        .join(' · '),
      detail: [origin, model.licence, size].filter(Boolean).join(' · '),
    };
  }

  private async pickElsewhere(where: NonNullable<ModelItem['elsewhere']>, task: Task): Promise<string | undefined> {
    switch (where) {
      case 'hub':
        return this.hub.pick(task);
      case 'folder': {
        const title = l10n.t('Folder with config.json and model.safetensors');
        return pathPicked({ title, canSelectFiles: false, canSelectFolders: true, openLabel: l10n.t('Use This Model') });
      }
      case 'file': {
        const title = l10n.t('File of weights with config.json beside it, or a Keras model');
        return pathPicked({ title, filters: { [l10n.t('Models')]: modelFiles }, openLabel: l10n.t('Use This Model') });
      }
    }
  }
}

async function pathPicked(options: vscode.OpenDialogOptions): Promise<string | undefined> {
  return (await vscode.window.showOpenDialog(options))?.[0]?.fsPath;
}
