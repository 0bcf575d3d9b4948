import * as z from 'zod';
import { mobilenetV2TransformersNames, roundChannels, unsupportedSetting } from '../../models';
import { byNames, typeOf } from './type';

/** transformers' MobileNetV2ForImageClassification, with the defaults of its MobileNetV2Config. */
export const mobilenetV2Type = typeOf({
  schema: z.looseObject({
    depth_multiplier: z.number().positive().default(1),
    layer_norm_eps: z.number().positive().default(0.001),
    tf_padding: z.boolean().default(true),
    finegrained_output: z.boolean().default(true),
  }),
  only: {
    num_channels: 3,
    depth_divisible_by: 8,
    min_depth: 8,
    expand_ratio: 6,
    output_stride: 32,
    first_layer_is_expansion: true,
    hidden_act: 'relu6',
  },
  input: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], interpolation: 'bilinear' },
  read(config, path) {
    const width = config.depth_multiplier;
    const hundredths = Math.round(width * 100);
    const hasName = Math.abs(hundredths - width * 100) < 1e-6 && hundredths <= 999;
    // Where the stem is as narrow as the first block, timm adds the block's input to its output and transformers does not.
    const isSame = roundChannels(32 * width) !== roundChannels(16 * width) && (config.finegrained_output || width >= 1);
    if (!hasName || !isSame) throw unsupportedSetting('depth_multiplier', width, path);
    return {
      spec: {
        architecture: `mobilenetv2_${String(hundredths).padStart(3, '0')}`,
        padding: config.tf_padding ? 'same' : 'symmetric',
        epsilon: config.layer_norm_eps,
      },
      rename: byNames(mobilenetV2TransformersNames()),
    };
  },
});
