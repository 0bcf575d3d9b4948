import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import type { ImageTarget } from '../data/target';
import { type ModelSpec, roundChannels, unsupported } from '../models';
import { inOrder } from './timmConfig';

const positive = z.int().min(1);

/** `config.json` of transformers' MobileNetV2ForImageClassification, with the defaults of its MobileNetV2Config. */
export const transformersConfigSchema = z.looseObject({
  model_type: z.string(),
  depth_multiplier: z.number().positive().default(1),
  layer_norm_eps: z.number().positive().default(0.001),
  tf_padding: z.boolean().default(true),
  finegrained_output: z.boolean().default(true),
  image_size: z.unknown().optional(),
  id2label: z.record(z.string(), z.string()).optional(),
  num_labels: positive.optional(),
});
export type TransformersConfig = z.infer<typeof transformersConfigSchema>;

/** `preprocessor_config.json` of the same. */
export const preprocessorSchema = z.looseObject({
  size: z.union([positive, z.looseObject({ shortest_edge: positive.optional() })]).optional(),
  crop_size: z.union([positive, z.looseObject({ height: positive, width: positive })]).optional(),
  do_center_crop: z.boolean().default(true),
  do_normalize: z.boolean().default(true),
  /** PIL's number: 2 bilinear, 3 bicubic. */
  resample: z.int().default(2),
  image_mean: z.tuple([z.number(), z.number(), z.number()]).optional(),
  image_std: z.tuple([z.number(), z.number(), z.number()]).optional(),
});
export type Preprocessor = z.infer<typeof preprocessorSchema>;

/** Settings whose other values make another network. */
const only: Readonly<Record<string, unknown>> = {
  num_channels: 3,
  depth_divisible_by: 8,
  min_depth: 8,
  expand_ratio: 6,
  output_stride: 32,
  first_layer_is_expansion: true,
  hidden_act: 'relu6',
};

/** @throws ThawError `model.unsupported` naming the model type or a setting. */
export function readTransformersConfig(
  config: TransformersConfig,
  preprocessor: Preprocessor | null,
  path: string,
): { spec: ModelSpec; labels: string[] | null } {
  if (config.model_type !== 'mobilenet_v2') throw unsupported(l10n.t('The model type "{0}" is not supported.', config.model_type), path);
  const width = config.depth_multiplier;
  const odd = Object.entries(only).find(([name, value]) => config[name] !== undefined && config[name] !== value);
  if (odd) throw unsupported(l10n.t('The setting {0} = {1} of the model is not supported.', odd[0], JSON.stringify(config[odd[0]])), path);
  const hundredths = Math.round(width * 100);
  const hasName = Math.abs(hundredths - width * 100) < 1e-6 && hundredths <= 999;
  // Where the stem is as narrow as the first block, timm adds the block's input to its output and transformers does not.
  const isSame = roundChannels(32 * width) !== roundChannels(16 * width) && (config.finegrained_output || width >= 1);
  if (!hasName || !isSame)
    throw unsupported(l10n.t('The setting {0} = {1} of the model is not supported.', 'depth_multiplier', width), path);

  const labels = config.id2label ? inOrder(config.id2label) : null;
  return {
    spec: {
      architecture: `mobilenetv2_${String(hundredths).padStart(3, '0')}`,
      classes: labels?.length ?? config.num_labels ?? 2,
      input: { ...(typeof config.image_size === 'number' && { size: config.image_size }), ...targetOf(preprocessor) },
      padding: config.tf_padding ? 'same' : 'symmetric',
      epsilon: config.layer_norm_eps,
    },
    // Names that transformers makes up where there are none say nothing.
    labels: labels?.every((label, i) => label === `LABEL_${i}`) ? null : labels,
  };
}

function targetOf(preprocessor: Preprocessor | null): Partial<ImageTarget> {
  const half = [0.5, 0.5, 0.5] as const;
  if (!preprocessor) return { mean: half, std: half, interpolation: 'bilinear' };
  const { size, crop_size, image_mean, image_std, do_center_crop, do_normalize, resample } = preprocessor;
  const shortest = typeof size === 'number' ? size : size?.shortest_edge;
  const side = !do_center_crop ? shortest : typeof crop_size === 'number' ? crop_size : crop_size?.height;
  return {
    ...(side && { size: side }),
    ...(side && shortest && side <= shortest && { crop: side / shortest }),
    interpolation: resample === 3 ? 'bicubic' : 'bilinear',
    mean: do_normalize ? (image_mean ?? half) : [0, 0, 0],
    std: do_normalize ? (image_std ?? half) : [1, 1, 1],
  };
}
