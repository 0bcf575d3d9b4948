import * as vscode from 'vscode';
import { panelMementoSchema } from '../protocol/panel';
import { panelOptions, RunPanel, runViewType } from './runPanel';
import type { RunSession } from './runSession';
import { Signal } from './signal';
import { Tab } from './tab';
import type { TabServices } from './tabServices';

/** All open tabs, and which of them is in front. */
export class Panels implements vscode.Disposable, vscode.WebviewPanelSerializer {
  /** The tab whose layers the side bar shows: the last that was active and is still open. */
  readonly frontChanged = new Signal<Tab | null>();
  private readonly panels = new Set<RunPanel>();
  private order: RunPanel[] = [];

  constructor(
    private readonly extension: vscode.Uri,
    private readonly services: TabServices,
    /** The run that a process works on with the data of a folder. */
    private readonly liveRun: (dataFolder: string) => Promise<string | null>,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get front(): Tab | null {
    return this.order.at(-1)?.tab ?? null;
  }

  /** Opens a folder's tab, or shows the one there is. */
  async openFolder(folder: string): Promise<void> {
    const open = this.find((tab) => tab.folder === folder);
    if (open) open.panel.reveal();
    else await this.fill(this.add(new Tab(folder, this.services), this.create(folder)).tab);
  }

  /** @throws ThawError when there is no run that can be read */
  async openRun(folder: string): Promise<void> {
    const open = this.find((tab) => tab.state.run?.path === folder);
    if (open) {
      open.panel.reveal();
      return;
    }
    const session = await this.services.sessions.get(folder);
    const data = session.record.config.data.path;
    this.add(new Tab(data, this.services), this.create(data)).tab.openRun(session);
  }

  /** Whether the person sees the tab of that run. */
  isSeen(session: RunSession): boolean {
    const shown = this.find((tab) => tab.session === session);
    return Boolean(shown?.panel.visible) && vscode.window.state.focused;
  }

  closeRun(folder: string): void {
    this.find((tab) => tab.state.run?.path === folder)?.panel.dispose();
  }

  trust(): void {
    for (const panel of this.panels) panel.tab.trust();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const memento = panelMementoSchema.safeParse(state);
    if (!memento.success) {
      panel.dispose();
      return;
    }
    const { folder, run } = memento.data;
    const tab = new Tab(folder, this.services);
    this.add(tab, panel);
    if (run === null) await this.fill(tab);
    else await this.show(tab, run);
  }

  dispose(): void {
    for (const panel of this.panels) panel.dispose();
    this.frontChanged.dispose();
  }

  /** Shows what a run could begin from, until there turns out to be one that is at work on the folder. */
  private async fill(tab: Tab): Promise<void> {
    tab.open();
    const run = await this.liveRun(tab.folder);
    if (run !== null) await this.show(tab, run);
  }

  private async show(tab: Tab, run: string): Promise<void> {
    const session = await this.services.sessions.get(run).catch(() => null); // deleted meanwhile
    if (session) tab.openRun(session);
    else tab.open();
  }

  private find(matches: (tab: Tab) => boolean): RunPanel | undefined {
    return [...this.panels].find((panel) => matches(panel.tab));
  }

  private create(folder: string): vscode.WebviewPanel {
    const title = vscode.Uri.file(folder).path.split('/').at(-1) ?? folder;
    return vscode.window.createWebviewPanel(runViewType, title, vscode.ViewColumn.Active, panelOptions(this.extension));
  }

  private add(tab: Tab, panel: vscode.WebviewPanel): RunPanel {
    const added = new RunPanel(tab, panel, this.extension, this.log);
    this.panels.add(added);
    panel.onDidChangeViewState(() => panel.active && this.raise(added));
    panel.onDidDispose(() => {
      this.panels.delete(added);
      this.order = this.order.filter((other) => other !== added);
      added.dispose();
      this.frontChanged.fire(this.front);
    });
    this.raise(added);
    return added;
  }

  private raise(panel: RunPanel): void {
    if (this.order.at(-1) === panel) return;
    this.order = [...this.order.filter((other) => other !== panel), panel];
    this.frontChanged.fire(this.front);
  }
}
