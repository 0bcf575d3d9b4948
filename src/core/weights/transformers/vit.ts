import * as z from 'zod';
import { unsupportedSetting, vitNamed, vitTransformersNames } from '../../models';
import { typeOf } from './type';

const count = z.int().min(1);

/**
 * transformers' ViTForImageClassification and the bare ViTModel, with the defaults of ViTConfig. Its ε of 1e-12 becomes
 * timm's of 1e-6: a change of a millionth.
 */
export const vitType = typeOf({
  schema: z.looseObject({
    hidden_size: count.default(768),
    num_hidden_layers: count.default(12),
    num_attention_heads: count.default(12),
    intermediate_size: count.default(3072),
    layer_norm_eps: z.number().positive().max(1e-6).default(1e-12),
    image_size: count.default(224),
    patch_size: count.default(16),
  }),
  only: { num_channels: 3, hidden_act: 'gelu', qkv_bias: true },
  input: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], interpolation: 'bilinear', crop: 1 },
  read(config, path) {
    const { hidden_size: features, num_attention_heads: heads, num_hidden_layers: depth, intermediate_size: hidden } = config;
    if (features % heads !== 0) throw unsupportedSetting('num_attention_heads', heads, path);
    const { image_size: size, patch_size: patch } = config;
    const places = vitTransformersNames(depth);
    return {
      spec: { ...vitNamed({ features, heads, depth, hidden, patch, size }), input: { size } },
      rename: (name) => {
        const bare = name.replace(/^vit\./, '');
        // A pooler and a mask belong to other uses of the same network.
        return /^pooler\.|^embeddings\.mask_token$/.test(bare) ? null : places.get(bare);
      },
    };
  },
});
