import * as vscode from 'vscode';
import { listRuns, liveProcess, type RunSummary } from '../core/runs';
import { runFiles } from '../protocol/paths';
import type { Sessions } from './sessions';
import type { Settings } from './settings';
import { Signal } from './signal';

/** Runs write several files at once. */
const settleMs = 200;
/** Live figures in lists, at most this often. */
const progressMs = 1000;

/** Which runs there are, by the folders on disk; whoever trains there is followed from then on, whichever window began it. */
export class RunsIndex implements vscode.Disposable {
  readonly changed = new Signal<void>();
  private watchers: vscode.Disposable[] = [];
  /** Watching begins after activation: that is not to wait for it. */
  private watched = false;
  private readonly subscriptions: vscode.Disposable[];
  private timer: NodeJS.Timeout | null = null;
  private progress: NodeJS.Timeout | null = null;

  constructor(
    private readonly settings: Settings,
    private readonly sessions: Sessions,
  ) {
    const watch = () => {
      this.watched = false;
      this.refresh();
    };
    this.subscriptions = [
      vscode.workspace.onDidChangeWorkspaceFolders(watch),
      vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('thaw.runsFolder') && watch()),
      sessions.opened.on((session) => {
        session.stateChanged.on(() => this.changed.fire());
        session.changed.on(() => this.tellProgress());
        this.changed.fire();
      }),
      sessions.closed.on(() => this.changed.fire()),
    ];
    watch();
  }

  async list(): Promise<RunSummary[]> {
    const lists = await Promise.all(this.settings.runsFolders().map(listRuns));
    return lists.flat().sort((a, b) => (a.created < b.created ? 1 : -1));
  }

  /** The newest run that a process works on with these data. */
  async liveRun(dataFolder: string): Promise<string | null> {
    for (const summary of await this.list())
      if (summary.dataPath === dataFolder && mayLive(summary.state) && (await liveProcess(summary.path))) return summary.path;
    return null;
  }

  /** Looks again, soon. */
  refresh(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      if (!this.watched) this.watch();
      void this.follow().then(() => this.changed.fire());
    }, settleMs);
  }

  dispose(): void {
    if (this.timer) clearTimeout(this.timer);
    if (this.progress) clearTimeout(this.progress);
    vscode.Disposable.from(...this.watchers, ...this.subscriptions).dispose();
    this.changed.dispose();
  }

  /** Connects to the runs that a process works on. */
  private async follow(): Promise<void> {
    for (const summary of await this.list()) {
      const known = this.sessions.find(summary.path);
      if (known) await known.attach();
      else if (mayLive(summary.state) && (await liveProcess(summary.path))) await this.sessions.get(summary.path).catch(() => null);
    }
  }

  private watch(): void {
    this.watched = true;
    vscode.Disposable.from(...this.watchers).dispose();
    this.watchers = this.settings.runsFolders().flatMap((folder) => {
      const files = `*/{${runFiles.record},${runFiles.process},${runFiles.report}}`;
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(folder), files));
      const refresh = () => this.refresh();
      return [watcher, watcher.onDidCreate(refresh), watcher.onDidChange(refresh), watcher.onDidDelete(refresh)];
    });
  }

  private tellProgress(): void {
    this.progress ??= setTimeout(() => {
      this.progress = null;
      this.changed.fire();
    }, progressMs);
  }
}

function mayLive(state: RunSummary['state']): boolean {
  return state === 'preparing' || state === 'training' || state === 'paused';
}
