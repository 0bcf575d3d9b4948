import * as z from 'zod';
import type { LayerNode, TensorFacts } from './layerTree';

// The tree itself stands apart, free of zod: the editor tab counts layers and checks nothing.
export * from './layerTree';

export const tensorFactsSchema: z.ZodType<TensorFacts> = z.object({
  name: z.string(),
  shape: z.array(z.number().int()),
  statistic: z.boolean(),
});
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
