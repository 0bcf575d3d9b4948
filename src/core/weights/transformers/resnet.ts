import * as z from 'zod';
import { resnetNamed, resnetTransformersNames, unsupportedSetting } from '../../models';
import { byNames, typeOf } from './type';

const four = z.tuple([z.int().min(1), z.int().min(1), z.int().min(1), z.int().min(1)]);

/** transformers' ResNetForImageClassification, with the defaults of its ResNetConfig. */
export const resnetType = typeOf({
  schema: z.looseObject({
    hidden_sizes: four.default([256, 512, 1024, 2048]),
    depths: four.default([3, 4, 6, 3]),
    layer_type: z.string().default('bottleneck'),
  }),
  only: { num_channels: 3, embedding_size: 64, hidden_act: 'relu', downsample_in_first_stage: false, downsample_in_bottleneck: false },
  read({ hidden_sizes, depths, layer_type }, path) {
    const bottleneck = layer_type === 'bottleneck';
    if (!bottleneck && layer_type !== 'basic') throw unsupportedSetting('layer_type', layer_type, path);
    const spec = resnetNamed(bottleneck, depths, hidden_sizes);
    if (!spec) throw unsupportedSetting('hidden_sizes', hidden_sizes, path);
    return { spec, rename: byNames(resnetTransformersNames({ bottleneck, layers: depths })) };
  },
});
