import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Format } from './format';
import { modelTitle } from './modelTitle';
import { type RunGroup, type RunRow, runDescription, runGroups, stateWord } from './runRows';
import type { RunsIndex } from './runsIndex';
import type { Sessions } from './sessions';

/** Names of VS Code's icons and colours. */
const icons: Record<RunRow['summary']['state'], [icon: string, color?: string]> = {
  preparing: ['loading~spin'],
  training: ['loading~spin'],
  paused: ['debug-pause'],
  finished: ['pass', 'charts.green'],
  stopped: ['stop-circle'],
  failed: ['error', 'problemsErrorIcon.foreground'],
  ended: ['circle-slash'],
};

/** Marks the row of a data set; the row of a run is its path. */
const dataPrefix = 'data:';

/** The run that a row of the view stands for. */
export function runOfRow(row: string): string | undefined {
  return row.startsWith(dataPrefix) ? undefined : row;
}

/** The runs of this window's folders, by data set. VS Code is told of runs by their paths, of data sets by `data:` and theirs. */
export class RunsView implements vscode.TreeDataProvider<string>, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.emitter.event;
  private readonly view: vscode.TreeView<string>;
  private readonly subscriptions: vscode.Disposable[];
  private readonly rows = new Map<string, RunGroup | RunRow>();

  constructor(
    private readonly index: RunsIndex,
    private readonly sessions: Sessions,
    private readonly format: Format,
  ) {
    this.view = vscode.window.createTreeView('thaw.runs', { treeDataProvider: this, canSelectMany: true, showCollapseAll: true });
    this.subscriptions = [this.view, this.emitter, index.changed.on(() => this.refresh())];
  }

  /** Paths of the runs that are selected. */
  get selection(): string[] {
    return this.view.selection.flatMap((row) => runOfRow(row) ?? []);
  }

  refresh(): void {
    const live = this.sessions.all.filter((session) => session.live).length;
    this.view.badge = live ? { value: live, tooltip: l10n.t('Training: {0}', live) } : undefined;
    this.emitter.fire();
  }

  async getChildren(row?: string): Promise<string[]> {
    if (row !== undefined) {
      const group = this.rows.get(row);
      return group?.kind === 'group' ? group.runs.map((run) => run.summary.path) : [];
    }
    const groups = runGroups(await this.index.list(), (folder) => this.sessions.find(folder));
    this.rows.clear();
    for (const group of groups) {
      this.rows.set(dataPrefix + group.dataPath, group);
      for (const run of group.runs) this.rows.set(run.summary.path, run);
    }
    return groups.map((group) => dataPrefix + group.dataPath);
  }

  getTreeItem(row: string): vscode.TreeItem {
    const found = this.rows.get(row);
    if (!found) return new vscode.TreeItem(path.basename(row)); // deleted meanwhile
    return found.kind === 'group' ? this.groupItem(found) : this.runItem(found);
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private groupItem({ dataPath, name }: RunGroup): vscode.TreeItem {
    const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Expanded);
    item.id = dataPrefix + dataPath;
    item.iconPath = new vscode.ThemeIcon('folder');
    item.tooltip = dataPath;
    item.contextValue = 'data';
    return item;
  }

  private runItem({ summary, live }: RunRow): vscode.TreeItem {
    const label = summary.model ? modelTitle(summary.model) : path.basename(summary.path);
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.None);
    const [icon, color] = icons[summary.state];
    item.id = summary.path;
    item.description = runDescription(summary, this.format);
    item.iconPath = new vscode.ThemeIcon(icon, color ? new vscode.ThemeColor(color) : undefined);
    item.tooltip = `${summary.id}\n${stateWord(summary.state)}\n${summary.path}`;
    item.contextValue = `run.${live ? 'live.' : ''}${summary.state}`;
    item.accessibilityInformation = { label: `${label}, ${stateWord(summary.state)}, ${item.description}` };
    item.command = { command: 'thaw.openRun', title: '', arguments: [summary.path] };
    return item;
  }
}
