import * as z from 'zod';
import { unsupportedSetting, vitNamed, vitTransformersNames } from '../../models';
import { typeOf } from './type';

const count = z.int().min(1);

/** Those of ViTConfig and DeiTConfig, with their defaults. */
export const vitSettings = {
  hidden_size: count.default(768),
  num_hidden_layers: count.default(12),
  num_attention_heads: count.default(12),
  intermediate_size: count.default(3072),
  layer_norm_eps: z.number().positive().max(1e-6).default(1e-12),
  image_size: count.default(224),
  patch_size: count.default(16),
};
export const vitOnly = { num_channels: 3, hidden_act: 'gelu', qkv_bias: true };
const schema = z.looseObject(vitSettings);

/** @throws ThawError `model.unsupported` */
export function vitSizes(config: z.infer<typeof schema>, path: string) {
  const { hidden_size: features, num_attention_heads: heads, num_hidden_layers: depth, intermediate_size: hidden } = config;
  if (features % heads !== 0) throw unsupportedSetting('num_attention_heads', heads, path);
  return { features, heads, depth, hidden, patch: config.patch_size, size: config.image_size };
}

/** A pooler and a mask belong to other uses of the same network. */
export const otherUses = /^pooler\.|^embeddings\.mask_token$/;

/**
 * transformers' ViTForImageClassification and the bare ViTModel. Its ε of 1e-12 becomes timm's of 1e-6: a change of a
 * millionth.
 */
export const vitType = typeOf({
  schema,
  only: vitOnly,
  input: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], interpolation: 'bilinear', crop: 1 },
  read(config, path) {
    const sizes = vitSizes(config, path);
    const places = vitTransformersNames(sizes.depth);
    return {
      spec: { ...vitNamed(sizes), input: { size: sizes.size } },
      rename: (name) => {
        const bare = name.replace(/^vit\./, '');
        return otherUses.test(bare) ? null : places.get(bare);
      },
    };
  },
});
