import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Format } from './format';
import { trainingText } from './runRows';
import type { RunsIndex } from './runsIndex';
import type { Sessions } from './sessions';

/** How far a run is while something trains; a click opens it. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('thaw.training', vscode.StatusBarAlignment.Right, 100);
  private readonly subscription: { dispose(): void };

  constructor(
    index: RunsIndex,
    private readonly sessions: Sessions,
    private readonly format: Format,
  ) {
    this.item.name = l10n.t('Thaw: training');
    this.subscription = index.changed.on(() => this.show());
  }

  dispose(): void {
    this.subscription.dispose();
    this.item.dispose();
  }

  private show(): void {
    const live = this.sessions.all.filter((session) => session.live && (session.state === 'preparing' || session.state === 'training'));
    const session = live.at(-1);
    if (!session) {
      this.item.hide();
      return;
    }
    const text = trainingText(session, this.format);
    const others = live.length > 1 ? l10n.t('and {0} more', live.length - 1) : '';
    this.item.text = `$(loading~spin) ${[text, others].filter(Boolean).join(' ')}`;
    this.item.tooltip = l10n.t('Open this run');
    this.item.accessibilityInformation = { label: text, role: 'button' };
    this.item.command = { command: 'thaw.openRun', title: '', arguments: [session.folder] };
    this.item.show();
  }
}
