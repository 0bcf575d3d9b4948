import type { ElementArray, Graph, GraphNode, Value } from './graph';

/** Tables from this size on (bytes): smaller ones may be worth folding into what comes after. */
const tableFrom = 1 << 20;

/** A constant that each run is given, as it lies in memory. */
export interface Table {
  readonly value: Value;
  readonly data: ElementArray;
}

/**
 * Lets rows of large constant tables (embeddings) be taken from where they lie: a session would copy each of them, and a
 * program for each length of text has a session. Where a product takes the table too, its packed copy is all that remains.
 */
export function feedTables(graph: Graph): Table[] {
  const tables = new Map<string, Table>();
  const nodes = graph.recorded.map((node): GraphNode => {
    const [name, ...others] = node.inputs as [string, ...string[]];
    const constant = node.operator === 'Gather' ? graph.constants.get(name) : undefined;
    if (!constant || constant.data.byteLength < tableFrom) return node;
    const table = tables.get(name) ?? {
      value: graph.input(`table:${name}`, constant.value.shape, constant.value.dtype),
      data: constant.data,
    };
    tables.set(name, table);
    return { ...node, inputs: [table.value.name, ...others] };
  });
  graph.recorded.splice(0, graph.recorded.length, ...nodes);
  return [...tables.values()];
}
