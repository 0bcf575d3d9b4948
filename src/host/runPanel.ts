import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { fromPanelSchema, type ToPanel } from '../protocol/panel';
import { pageHtml } from './html';
import type { Tab } from './tab';

export const runViewType = 'thaw.run';

export function panelOptions(extension: vscode.Uri): vscode.WebviewOptions & vscode.WebviewPanelOptions {
  return { enableScripts: true, enableFindWidget: true, localResourceRoots: [vscode.Uri.joinPath(extension, 'dist', 'webview')] };
}

/** Shows a tab in a webview: state and events out, checked messages in. */
export class RunPanel implements vscode.Disposable {
  /**
   * A hidden webview hears nothing; when it comes back it says `ready` and is told everything. The first page need not ask: what
   * is said while it loads is kept for it.
   */
  private listening: boolean;
  private expected: boolean;
  /** The language goes along with the first state: the page can say nothing before. */
  private greeted = false;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    readonly tab: Tab,
    readonly panel: vscode.WebviewPanel,
    extension: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {
    panel.webview.options = panelOptions(extension);
    panel.title = tab.state.title;
    panel.iconPath = {
      light: vscode.Uri.joinPath(extension, 'media', 'tab-light.svg'),
      dark: vscode.Uri.joinPath(extension, 'media', 'tab-dark.svg'),
    };
    this.subscriptions = [
      panel.webview.onDidReceiveMessage((message) => this.receive(message)),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.listening = this.expected = false;
      }),
      tab.posted.on((message) => this.post(message)),
    ];
    const built = (name: string) => readFileSync(vscode.Uri.joinPath(extension, 'dist', 'webview', name).fsPath, 'utf8');
    panel.webview.html = pageHtml({
      cspSource: panel.webview.cspSource,
      script: built('main.js'),
      style: built('main.css'),
      charts: panel.webview.asWebviewUri(vscode.Uri.joinPath(extension, 'dist', 'webview', 'charts.js')).toString(),
      nonce: randomBytes(16).toString('hex'),
      language: vscode.env.language,
    });
    this.listening = this.expected = panel.visible;
    if (this.listening) tab.tell();
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
    this.tab.dispose();
  }

  private receive(raw: unknown): void {
    const message = fromPanelSchema.safeParse(raw);
    if (!message.success) {
      this.log.warn(`The tab sent what cannot be understood: ${message.error.message}`);
      return;
    }
    if (message.data.type === 'ready') {
      const knows = this.expected;
      this.expected = false;
      if (knows) return;
      this.listening = true;
      this.greeted = false;
    }
    void this.tab.handle(message.data);
  }

  private post(message: ToPanel): void {
    if (!this.listening) return;
    void this.panel.webview.postMessage(this.greeted || message.type !== 'state' ? message : { ...message, ...greeting() });
    if (message.type === 'state') this.greeted = true;
  }
}

function greeting(): Pick<Extract<ToPanel, { type: 'state' }>, 'locale' | 'l10n'> {
  const words = vscode.l10n.bundle;
  return { locale: vscode.env.language, ...(words && { l10n: words as Record<string, string> }) };
}
