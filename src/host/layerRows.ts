import type { LayerNode } from '../protocol/layers';

/** A row of the side bar's tree: a chain of single children is one row, as in the tab. */
export interface LayerRow {
  /** The outer end of the chain: what a toggle means. */
  readonly node: LayerNode;
  readonly label: string;
  readonly children: LayerRow[];
}

/** The rows under a model's root. A list of blocks at the top is no row of its own: its blocks stand there as `blocks.0`. */
export function layerRows(root: LayerNode): LayerRow[] {
  return withParameters(root).flatMap((child) => {
    const inner = innerEnd(child);
    return isList(inner) ? withParameters(inner).map(row) : [row(child)];
  });
}

function row(node: LayerNode): LayerRow {
  return { node, label: labelOf(node.name), children: withParameters(innerEnd(node)).map(row) };
}

function innerEnd(node: LayerNode): LayerNode {
  const [only, ...others] = withParameters(node);
  return only && others.length === 0 && node.tensors.length === 0 ? innerEnd(only) : node;
}

/** An activation or a pooling has nothing to freeze. */
function withParameters(node: LayerNode): LayerNode[] {
  return node.children.filter((child) => child.parameters > 0);
}

/** `conv_pw`, and with the key before it where the last is a mere number: `blocks.5`, `5.3`. */
function labelOf(name: string): string {
  const keys = name.split('.');
  return keys.slice(/^\d+$/.test(keys.at(-1) ?? '') ? -2 : -1).join('.');
}

function isList(node: LayerNode): boolean {
  const children = withParameters(node);
  return node.tensors.length === 0 && children.length > 1 && children.every((child) => /\.\d+$/.test(`.${child.name}`));
}
