import { existsSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { asFailure } from '../protocol/failure';
import type { ChildSettings } from './childEnvironment';
import { installTensorflow } from './tensorflowProcess';

export const installCommand = 'thaw.installTensorflow';
const packages = ['tfjs-node-gpu', 'tfjs-node'];

/** The engine “tensorflow”, which does not come with the extension: whether it is there, and how it comes. */
export class Tensorflow implements vscode.Disposable {
  private installing = false;
  private readonly subscription: vscode.Disposable;

  constructor(
    private readonly extension: string,
    private readonly child: () => ChildSettings,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('thaw.engine') && isChosen() && !this.isThere()) void this.offer();
    });
  }

  dispose(): void {
    this.subscription.dispose();
  }

  /** Asks, then installs with progress; says how it went. */
  async install(): Promise<void> {
    if (this.installing) return;
    this.installing = true;
    try {
      if (!(await this.confirmed())) return;
      await this.installWithProgress();
      await this.tellInstalled();
    } catch (error) {
      const failure = asFailure(error);
      if (failure.code === 'interrupted') return;
      this.log.error([failure.code, failure.message, failure.detail].filter(Boolean).join('\n'));
      const show = l10n.t('Show Log');
      const text = l10n.t('TensorFlow could not be installed. {0} {1}', failure.message, failure.hint);
      if ((await vscode.window.showErrorMessage(text, show)) === show) this.log.show();
    } finally {
      this.installing = false;
    }
  }

  private async confirmed(): Promise<boolean> {
    const { tensorflowFolder } = this.child();
    const detail = [
      l10n.t(
        'Downloads about 300 MB: the package @tensorflow/tfjs-node and its dependencies from npm’s registry, and TensorFlow’s library from its own server. Takes 1.1 GB on disk, in {0}.',
        tensorflowFolder,
      ),
      ...(process.platform === 'linux' && process.arch === 'x64'
        ? [
            l10n.t(
              'Where that server is out of reach, the library comes from PyPI and the addon is compiled here: that takes python3 with pip, g++, and 2 GB of disk meanwhile.',
            ),
          ]
        : []),
      l10n.t('It is the second opinion on every number, and several times slower than the engine that comes with Thaw.'),
    ];
    const question = existsSync(tensorflowFolder)
      ? l10n.t('Install the TensorFlow engine again?')
      : l10n.t('Install the TensorFlow engine?');
    const yes = l10n.t('Install');
    return (await vscode.window.showInformationMessage(question, { modal: true, detail: detail.join('\n\n') }, yes)) === yes;
  }

  private installWithProgress(): Thenable<void> {
    const options = { location: vscode.ProgressLocation.Notification, title: l10n.t('Installing TensorFlow'), cancellable: true };
    return vscode.window.withProgress(options, async (progress, token) => {
      const given = new AbortController();
      token.onCancellationRequested(() => given.abort());
      const settings = this.child();
      await installTensorflow(settings.tensorflowFolder, settings, {
        signal: given.signal,
        stage: (message) => progress.report({ message }),
        log: (line) => this.log.info(line),
      });
    });
  }

  private async tellInstalled(): Promise<void> {
    if (isChosen()) {
      void vscode.window.showInformationMessage(l10n.t('TensorFlow is installed. Runs begun from now on compute with it.'));
      return;
    }
    const use = l10n.t('Use TensorFlow');
    const text = l10n.t('TensorFlow is installed. The setting “thaw.engine” chooses it.');
    if ((await vscode.window.showInformationMessage(text, use)) === use)
      await vscode.workspace.getConfiguration('thaw').update('engine', 'tensorflow', vscode.ConfigurationTarget.Global);
  }

  private async offer(): Promise<void> {
    if (!vscode.workspace.isTrusted) return; // the window of a trusted workspace may install it
    const install = l10n.t('Install TensorFlow Engine…');
    const text = l10n.t('The engine “tensorflow” is not installed: runs would fail.');
    if ((await vscode.window.showWarningMessage(text, install)) === install) await this.install();
  }

  /** As far as files tell: in the order in which a run looks for it. */
  private isThere(): boolean {
    const places = [this.child().tensorflowFolder, this.extension, path.join(this.extension, '.tensorflow')];
    return places.some((place) => packages.some((name) => existsSync(path.join(place, 'node_modules/@tensorflow', name))));
  }
}

function isChosen(): boolean {
  return vscode.workspace.getConfiguration('thaw').get('engine') === 'tensorflow';
}
