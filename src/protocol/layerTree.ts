import { learns, type Rules } from './rules';

/** One tensor of a layer: a parameter, or a statistic such as a batch norm's running mean. */
export interface TensorFacts {
  name: string;
  shape: number[];
  statistic: boolean;
}

/**
 * A node of the layer tree. `name` is the full dotted path (`blocks.6.0.conv_pw`), the empty string at the root.
 * `outputShape` leaves out the batch: `[channels, height, width]` for feature maps. Counts include all below.
 */
export interface LayerNode {
  name: string;
  type: string;
  outputShape: number[];
  parameters: number;
  trainable: number;
  tensors: TensorFacts[];
  children: LayerNode[];
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** The same tree with `trainable` counted afresh under the rules. */
export function withRules(node: LayerNode, rules: Rules): LayerNode {
  const children = node.children.map((child) => withRules(child, rules));
  const own = node.tensors.reduce((sum, t) => sum + (!t.statistic && learns(rules, t.name) ? size(t.shape) : 0), 0);
  return { ...node, children, trainable: children.reduce((sum, child) => sum + child.trainable, own) };
}

/** Whether a node's parameters all learn, some do, or none. A node without parameters is `none`. */
export function mood(node: LayerNode): 'all' | 'some' | 'none' {
  if (node.trainable === 0) return 'none';
  return node.trainable === node.parameters ? 'all' : 'some';
}
