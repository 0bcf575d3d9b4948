import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { mood } from '../protocol/layers';
import type { Format } from './format';
import { type LayerRow, layerRows } from './layerRows';
import type { Panels } from './panels';
import type { Disposable } from './signal';
import type { Tab } from './tab';

/**
 * The layers of the tab in front, with the same check boxes. VS Code is told of layers by their paths, which stay the same
 * while what they stand for is counted anew.
 */
export class LayersView implements vscode.TreeDataProvider<string>, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.emitter.event;
  private readonly view: vscode.TreeView<string>;
  private readonly subscriptions: vscode.Disposable[];
  private tab: Tab | null = null;
  private roots: LayerRow[] = [];
  private readonly rows = new Map<string, LayerRow>();
  private following: Disposable | null = null;

  constructor(
    panels: Panels,
    private readonly extension: vscode.Uri,
    private readonly format: Format,
  ) {
    this.view = vscode.window.createTreeView('thaw.layers', {
      treeDataProvider: this,
      manageCheckboxStateManually: true, // a group's box says whether all of it learns: VS Code knows only what is unfolded
      showCollapseAll: true,
    });
    this.subscriptions = [
      this.view,
      this.emitter,
      panels.frontChanged.on(() => this.show(panels.front)),
      this.view.onDidChangeCheckboxState(({ items }) => this.toggle(items)),
      this.view.onDidChangeSelection(({ selection: [layer] }) => layer && this.tab?.reveal(layer)),
    ];
    this.show(panels.front);
  }

  getChildren(layer?: string): string[] {
    const rows = layer === undefined ? this.roots : (this.rows.get(layer)?.children ?? []);
    return rows.map((row) => row.node.name);
  }

  getTreeItem(layer: string): vscode.TreeItem {
    const found = this.rows.get(layer);
    if (!found) return new vscode.TreeItem(layer); // of another model, asked for late
    const { node, label, children } = found;
    const item = new vscode.TreeItem(
      label,
      children.length ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
    );
    const learning = mood(node);
    const count = this.format.count(node.parameters);
    item.id = node.name;
    if (node.parameters > 0) {
      item.description = learning === 'some' ? l10n.t('{0} of {1} learn', this.format.count(node.trainable), count) : count;
      item.iconPath = this.icon(learning === 'none' ? 'frozen' : 'learns');
      item.checkboxState = {
        state: learning === 'all' ? vscode.TreeItemCheckboxState.Checked : vscode.TreeItemCheckboxState.Unchecked,
        tooltip: learning === 'all' ? l10n.t('Learns; clear to freeze') : l10n.t('Frozen; check to let it learn'),
        accessibilityInformation: { label: node.name, role: 'checkbox' },
      };
    }
    item.tooltip = [node.name, node.type, node.outputShape.join(' × ')].filter(Boolean).join('\n');
    const word = { all: l10n.t('learns'), some: l10n.t('partly learns'), none: l10n.t('frozen') }[learning];
    item.accessibilityInformation = { label: node.parameters > 0 ? l10n.t('{0}, {1} parameters, {2}', node.name, count, word) : node.name };
    return item;
  }

  dispose(): void {
    this.following?.dispose();
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private show(tab: Tab | null): void {
    if (tab === this.tab && tab) return;
    this.following?.dispose();
    this.tab = tab;
    this.view.description = tab?.state.title ?? '';
    this.following = tab?.changed.on((part) => 'layers' in part && this.count()) ?? null;
    this.count();
  }

  /** Takes over the layers as they stand now. */
  private count(): void {
    const layers = this.tab?.state.layers;
    this.roots = layers ? layerRows(layers) : [];
    this.rows.clear();
    const add = (row: LayerRow) => {
      this.rows.set(row.node.name, row);
      row.children.forEach(add);
    };
    this.roots.forEach(add);
    this.emitter.fire();
  }

  private toggle(items: readonly [string, vscode.TreeItemCheckboxState][]): void {
    for (const [layer, state] of items) void this.tab?.toggle(layer, state === vscode.TreeItemCheckboxState.Checked);
    this.emitter.fire(); // also when the toggle was refused
  }

  private icon(name: 'frozen' | 'learns'): { light: vscode.Uri; dark: vscode.Uri } {
    const file = (theme: string) => vscode.Uri.joinPath(this.extension, 'media', `${name}-${theme}.svg`);
    return { light: file('light'), dark: file('dark') };
  }
}
