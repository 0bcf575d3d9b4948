import type { LayerNode } from '../protocol/layers';

/** A row of the side bar's tree: a chain of single children is one row, as in the tab. */
export interface LayerRow {
  readonly node: LayerNode;
  readonly label: string;
  readonly children: LayerRow[];
}

/** The rows under a model's root. A list of blocks at the top is no row of its own: its blocks stand there as `blocks.0`. */
export function layerRows(root: LayerNode): LayerRow[] {
  return root.children.flatMap((child) => (isList(child) ? child.children.map(row) : [row(child)]));
}

function row(node: LayerNode): LayerRow {
  let shown = node;
  while (shown.children.length === 1) shown = shown.children[0] as LayerNode;
  return { node, label: labelOf(node.name), children: shown.children.map(row) };
}

/** `conv_pw`, and with the key before it where the last is a mere number: `blocks.5`, `5.3`. */
function labelOf(name: string): string {
  const keys = name.split('.');
  return keys.slice(/^\d+$/.test(keys.at(-1) ?? '') ? -2 : -1).join('.');
}

function isList(node: LayerNode): boolean {
  return node.children.length > 1 && node.children.every((child) => /^\d+$/.test(child.name.split('.').at(-1) ?? ''));
}
