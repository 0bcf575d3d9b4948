import { z } from 'zod';
import { learns, type Rules } from './rules';

/** One tensor of a layer: a parameter, or a statistic such as a batch norm's running mean. */
export const tensorFactsSchema = z.object({ name: z.string(), shape: z.array(z.number().int()), statistic: z.boolean() });
export type TensorFacts = z.infer<typeof tensorFactsSchema>;

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
export const layerNodeSchema: z.ZodType<LayerNode> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.string(),
    outputShape: z.array(z.number().int()),
    parameters: z.number().int(),
    trainable: z.number().int(),
    tensors: z.array(tensorFactsSchema),
    children: z.array(layerNodeSchema),
  }),
);

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
