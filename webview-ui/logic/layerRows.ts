import type { LayerNode } from '../../src/protocol/layerTree';

/**
 * One row of the tree. A chain of only children is one row, as the Explorer shows compact folders: `path` is its outer
 * end (what a toggle means), `node` its inner one (whose type, shape and children are shown).
 */
export interface LayerRow {
  path: string;
  label: string;
  type: string;
  /** Children that are numbered parts of a stage; 0 where they have names. */
  parts: number;
  shape: string;
  level: number;
  node: LayerNode;
  parent: LayerRow | null;
  children: LayerRow[];
}

const lastSegment = (path: string) => path.slice(path.lastIndexOf('.') + 1);
const worthShowing = (node: LayerNode) => node.children.filter((child) => child.parameters > 0);
const numbered = (nodes: readonly LayerNode[]) => nodes.length > 1 && nodes.every((node) => /^\d+$/.test(lastSegment(node.name)));

function innerEnd(node: LayerNode): LayerNode {
  const children = worthShowing(node);
  const only = children[0];
  return children.length === 1 && only && node.tensors.length === 0 ? innerEnd(only) : node;
}

/** `conv_pw` under `blocks.5.3`; a bare number keeps the segment before it: `5.3` under `blocks.5`. */
function labelOf(path: string, under: string): string {
  const rest = under && path.startsWith(`${under}.`) ? path.slice(under.length + 1) : path;
  return under && /^\d/.test(rest) ? `${lastSegment(under)}.${rest}` : rest;
}

/** `112×112×32`: height, width, channels, as people write them. */
export function shapeWords(shape: readonly number[]): string {
  return (shape.length === 3 ? [shape[1], shape[2], shape[0]] : shape).join('×');
}

function rowOf(node: LayerNode, under: string, level: number, parent: LayerRow | null): LayerRow {
  const inner = innerEnd(node);
  const below = worthShowing(inner);
  const row: LayerRow = {
    path: node.name,
    label: labelOf(node.name, under),
    type: inner.type,
    parts: numbered(below) ? below.length : 0,
    shape: shapeWords(inner.outputShape),
    level,
    node: inner,
    parent,
    children: [],
  };
  row.children = below.map((child) => rowOf(child, inner.name, level + 1, row));
  return row;
}

/** The rows of a model. A container of numbered parts at the top (`blocks`) gives way to its parts (`blocks.0`, …). */
export function layerRows(root: LayerNode): LayerRow[] {
  return worthShowing(root).flatMap((node) => {
    const inner = innerEnd(node);
    const parts = worthShowing(inner);
    return numbered(parts) && inner.tensors.length === 0 ? parts.map((part) => rowOf(part, '', 1, null)) : [rowOf(node, '', 1, null)];
  });
}

export function hits(row: LayerRow, query: string): boolean {
  return row.path.toLowerCase().includes(query) || row.type.toLowerCase().includes(query);
}

/** The rows to show: under open ones, or, with a filter (lower case), what matches and all above it. */
export function visibleRows(rows: readonly LayerRow[], open: ReadonlySet<string>, query: string): LayerRow[] {
  const shown: LayerRow[] = [];
  const visit = (row: LayerRow): boolean => {
    const at = shown.push(row) - 1;
    if (!query) {
      if (open.has(row.path)) row.children.forEach(visit);
      return true;
    }
    const kept = row.children.map(visit).some(Boolean) || hits(row, query);
    if (!kept) shown.length = at;
    return kept;
  };
  rows.forEach(visit);
  return shown;
}

/** The row that stands for a parameter path: its own, the chain it lies in, or the nearest above it. */
export function rowFor(rows: readonly LayerRow[], path: string): LayerRow | null {
  for (const row of rows) {
    if (row.path === path || row.node.name === path) return row;
    if (path.startsWith(`${row.path}.`)) return rowFor(row.children, path) ?? row;
  }
  return null;
}

export function ancestors(row: LayerRow): LayerRow[] {
  return row.parent ? [...ancestors(row.parent), row.parent] : [];
}

/** The topmost rows that changed as a whole between two states of the same model: what a mark on the time axis names. */
export function changes(before: readonly LayerRow[], after: readonly LayerRow[]): { path: string; on: boolean }[] {
  return after.flatMap((row, i) => {
    const old = before[i];
    if (!old || old.node.trainable === row.node.trainable) return [];
    if (row.node.trainable === row.node.parameters) return [{ path: row.path, on: true }];
    if (row.node.trainable === 0) return [{ path: row.path, on: false }];
    const below = changes(old.children, row.children);
    return below.length > 0 ? below : [{ path: row.path, on: row.node.trainable > old.node.trainable }];
  });
}
