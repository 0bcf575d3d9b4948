import * as vscode from 'vscode';
import { isAtWork } from './panelState';
import type { Panels } from './panels';
import type { Sessions } from './sessions';
import type { Disposable } from './signal';

/**
 * Tells VS Code what the commands' `when` clauses ask: `thaw.front` is what the run in front can be told next,
 * `thaw.hasTrained` and `thaw.hasResult` tick off steps of the walkthrough.
 */
export function followContext(panels: Panels, sessions: Sessions): vscode.Disposable {
  const set = (key: string, value: string | boolean) => void vscode.commands.executeCommand('setContext', key, value);
  let following: Disposable | null = null;
  let shown = '';

  const show = () => {
    const phase = panels.front?.state.phase;
    const front = phase === 'training' || phase === 'preparing' ? 'training' : canResume(phase) ? 'paused' : 'none';
    if (front === shown) return;
    shown = front;
    set('thaw.front', front);
  };
  const follow = () => {
    following?.dispose();
    following = panels.front?.changed.on((part) => 'phase' in part && show()) ?? null;
    show();
  };
  const subscriptions = [
    panels.frontChanged.on(follow),
    sessions.opened.on((session) => {
      if (isAtWork(session.state)) set('thaw.hasTrained', true);
      session.stateChanged.on((state) => state === 'finished' && set('thaw.hasResult', true));
    }),
  ];
  return new vscode.Disposable(() => {
    following?.dispose();
    for (const subscription of subscriptions) subscription.dispose();
  });
}

function canResume(phase: string | undefined): boolean {
  return phase === 'paused' || phase === 'failed' || phase === 'ended';
}
