import type { Graph, GraphNode } from './graph';

/** WebGPU promises a shader eight buffers; one is for sizes, one for the other side. */
const most = 6;

/** Graphics cards bind few buffers to a program at once: nodes of many outputs or inputs become several. */
export function bindFew(graph: Graph): void {
  const nodes = graph.recorded.flatMap((node): GraphNode[] => {
    if (node.operator === 'Split' && node.outputs.length > most) return slices(graph, node);
    return node.operator === 'Concat' && node.inputs.length > most ? tree(node) : [node];
  });
  graph.recorded.splice(0, graph.recorded.length, ...nodes);
}

function slices(graph: Graph, { inputs, outputs, attributes }: GraphNode): GraphNode[] {
  const [x, sizes] = inputs as [string, string];
  const counts = Array.from(graph.constants.get(sizes)?.data ?? [], Number);
  const axis = graph.integers([attributes.axis as number]).name;
  let to = 0;
  return outputs.map((output, i) => {
    const from = to;
    to += counts[i] as number;
    return {
      operator: 'Slice',
      inputs: [x, graph.integers([from]).name, graph.integers([to]).name, axis],
      outputs: [output],
      attributes: {},
    };
  });
}

/** Neighbours are joined first, then what they have become. */
function tree({ inputs, outputs, attributes }: GraphNode): GraphNode[] {
  const nodes: GraphNode[] = [];
  let level = inputs;
  while (level.length > most) {
    const groups = Array.from({ length: Math.ceil(level.length / most) }, (_, i) => level.slice(i * most, (i + 1) * most));
    level = groups.map((group) => {
      if (group.length === 1) return group[0] as string;
      const joined = `${outputs[0]} ${nodes.length}`;
      nodes.push({ operator: 'Concat', inputs: group, outputs: [joined], attributes });
      return joined;
    });
  }
  return [...nodes, { operator: 'Concat', inputs: level, outputs, attributes }];
}
