import * as z from 'zod';
import { convnextNamed, convnextTransformersNames } from '../../models';
import { byNames, typeOf } from './type';

const count = z.int().min(1);
const four = z.tuple([count, count, count, count]);

/**
 * transformers' ConvNextForImageClassification, with the defaults of its ConvNextConfig. Its last norm's ε of 1e-12 becomes
 * timm's of 1e-6: a change of a millionth.
 */
export const convnextType = typeOf({
  schema: z.looseObject({
    hidden_sizes: four.default([96, 192, 384, 768]),
    depths: four.default([3, 3, 9, 3]),
    layer_scale_init_value: z.number().default(1e-6),
    layer_norm_eps: z.number().positive().max(1e-6).default(1e-12),
  }),
  only: { num_channels: 3, hidden_act: 'gelu', patch_size: 4, num_stages: 4 },
  read: ({ hidden_sizes, depths, layer_scale_init_value }) => ({
    spec: convnextNamed(depths, hidden_sizes, layer_scale_init_value > 0),
    rename: byNames(convnextTransformersNames(depths)),
  }),
});
