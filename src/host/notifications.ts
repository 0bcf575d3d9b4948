import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { RunEvent } from '../protocol/events';
import type { Failure } from '../protocol/failure';
import type { Format } from './format';
import type { Panels } from './panels';
import { finishedText } from './runRows';
import type { RunSession } from './runSession';
import type { Sessions } from './sessions';
import { installCommand } from './tensorflow';

/** A word at the end of a run, or when it fails, to those who look elsewhere. */
export class Notifications implements vscode.Disposable {
  private readonly subscription: { dispose(): void };

  constructor(
    sessions: Sessions,
    private readonly panels: Panels,
    private readonly format: Format,
  ) {
    this.subscription = sessions.opened.on((session) => {
      // What happened before this window looked is no news.
      session.changed.on(({ reset, events }) => {
        const last = events.at(-1);
        if (!reset && last && !panels.isSeen(session)) void this.tell(session, last);
      });
      session.stateChanged.on((state) => {
        if (state === 'ended' && !panels.isSeen(session)) void this.tellEnded(session);
      });
    });
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private async tell(session: RunSession, event: RunEvent): Promise<void> {
    if (event.type === 'finished') {
      const text = finishedText(session, event.report, this.format);
      const show = l10n.t('Show Result');
      if ((await vscode.window.showInformationMessage(text, show)) === show) await this.panels.openRun(session.folder);
    } else if (event.type === 'failed') {
      const show = l10n.t('Show Run');
      const text = l10n.t('“{0}” has failed: {1} {2}', session.title, event.error.message, event.error.hint);
      if ((await vscode.window.showErrorMessage(text, show)) === show) await this.panels.openRun(session.folder);
    }
  }

  private async tellEnded(session: RunSession): Promise<void> {
    const resume = l10n.t('Resume');
    const text = l10n.t('The training process of “{0}” has ended without a word. It can go on from its last checkpoint.', session.title);
    if ((await vscode.window.showWarningMessage(text, resume)) === resume)
      await vscode.commands.executeCommand('thaw.resume', session.folder);
  }
}

/** A failure outside of any tab. */
export async function showFailure(failure: Failure, log: vscode.LogOutputChannel): Promise<void> {
  log.error([failure.code, failure.message, failure.path, failure.detail].filter(Boolean).join('\n'));
  const { code, path, message } = failure;
  // The address that was asked is for the log: it helps nobody who reads in passing.
  const where = path && !code.startsWith('hub.') && !message.includes(path) ? ` (${path})` : '';
  const show = l10n.t('Show Log');
  const install = l10n.t('Install TensorFlow Engine…');
  const chosen = await vscode.window.showErrorMessage(
    `${message}${where} ${failure.hint}`.trim(),
    ...(failure.remedy === 'installTensorflow' ? [install] : []),
    ...(failure.detail ? [show] : []),
  );
  if (chosen === show) log.show();
  if (chosen === install) await vscode.commands.executeCommand(installCommand);
}
