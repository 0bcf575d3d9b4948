import type { Graph, GraphNode } from './graph';

/** Rows [from, to) of a tensor. */
interface Run {
  readonly vector: string;
  readonly from: number;
  readonly to: number;
  /** Rows that the tensor has. */
  readonly length: number;
}

/**
 * Lets concatenations of neighbouring pieces of one Split take them in one stretch. The state is one vector and so is what an
 * optimizer updates: a step would cut hundreds of pieces and join them again several times.
 */
export function joinPieces(graph: Graph): void {
  const pieces = new Map<string, Run>();
  const nodes = graph.recorded.flatMap((node): GraphNode[] => {
    if (node.operator === 'Split' && node.attributes.axis === 0) for (const [name, run] of piecesOf(graph, node)) pieces.set(name, run);
    return node.operator === 'Concat' && node.attributes.axis === 0 ? concatenation(graph, node, pieces) : [node];
  });
  graph.recorded.splice(0, graph.recorded.length, ...nodes);
}

function piecesOf(graph: Graph, { inputs, outputs }: GraphNode): [string, Run][] {
  const [vector, sizes] = inputs as [string, string];
  const counts = Array.from(graph.constants.get(sizes)?.data ?? [], Number);
  const length = counts.reduce((sum, count) => sum + count, 0);
  let to = 0;
  return counts.map((count, i) => {
    to += count;
    return [outputs[i] as string, { vector, from: to - count, to, length }];
  });
}

function concatenation(graph: Graph, node: GraphNode, pieces: ReadonlyMap<string, Run>): GraphNode[] {
  const parts: { name: string; run: Run | null; count: number }[] = [];
  for (const name of node.inputs) {
    const run = pieces.get(name) ?? null;
    const last = parts.at(-1);
    if (run && last?.run?.vector === run.vector && last.run.to === run.from)
      parts[parts.length - 1] = { name, run: { ...last.run, to: run.to }, count: last.count + 1 };
    else parts.push({ name, run, count: 1 });
  }
  if (parts.length === node.inputs.length) return [node];
  const slices: GraphNode[] = [];
  const inputs = parts.map(({ name, run, count }, i) => {
    if (!run || count === 1) return name;
    if (run.to - run.from === run.length) return run.vector;
    const output = `${node.outputs[0]}.${i}`;
    const [from, to, axis] = [run.from, run.to, 0].map((n) => graph.integers([n]).name) as [string, string, string];
    slices.push({ operator: 'Slice', inputs: [run.vector, from, to, axis], outputs: [output], attributes: {} });
    return output;
  });
  if (inputs.length > 1) return [...slices, { ...node, inputs }];
  const [slice] = slices;
  return [slice ? { ...slice, outputs: node.outputs } : { operator: 'Identity', inputs, outputs: node.outputs, attributes: {} }];
}
