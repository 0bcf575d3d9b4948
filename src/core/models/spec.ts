import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import type { ImageTarget } from '../data/target';
import type { ImageModel } from './model';

/** What a `config.json` asks for, whoever wrote it; the families turn it into a model. */
export interface ModelSpec {
  /** timm's name: `tf_efficientnet_lite0`, `mobilenetv2_035`. */
  readonly architecture: string;
  readonly classes: number;
  /** Where the checkpoint's preprocessing is not the family's. */
  readonly input?: Partial<ImageTarget>;
  /** timm's model_args `pad_type` and `bn_eps`, where they are not the architecture's. */
  readonly padding?: 'same' | 'symmetric';
  readonly epsilon?: number;
  /** timm's spelling: `apache-2.0`. Empty for weights that are the user's own. */
  readonly licence?: string;
  /** timm's mark of what it was trained on: `in1k`. */
  readonly tag?: string;
}

/** How a family builds one of its architectures; null for another family's. */
export type Family = (spec: ModelSpec) => ImageModel | null;

export const imageNetMean = [0.485, 0.456, 0.406] as const;
export const imageNetDeviation = [0.229, 0.224, 0.225] as const;
export const half = [0.5, 0.5, 0.5] as const;

/** Nearest multiple of 8, never more than 10 % below (timm `make_divisible`, from TensorFlow's slim). */
export function roundChannels(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** `config.json` in timm's layout (timm `save_config_for_hf`), labels left out. */
export function timmConfig(spec: ModelSpec, facts: { input: ImageTarget; features: number; firstConv: string }): Record<string, unknown> {
  const { input, features, firstConv } = facts;
  const args: Record<string, unknown> = {};
  if (spec.padding !== undefined) args.pad_type = spec.padding === 'same' ? 'same' : '';
  if (spec.epsilon !== undefined) args.bn_eps = spec.epsilon;
  const pool = Math.ceil(input.size / 32);
  return {
    architecture: spec.architecture,
    num_classes: spec.classes,
    num_features: features,
    global_pool: 'avg',
    ...(Object.keys(args).length > 0 && { model_args: args }),
    pretrained_cfg: {
      ...(spec.tag && { tag: spec.tag }),
      custom_load: false,
      input_size: [3, input.size, input.size],
      fixed_input_size: false,
      interpolation: input.interpolation,
      crop_pct: input.crop,
      crop_mode: 'center',
      mean: [...input.mean],
      std: [...input.std],
      num_classes: spec.classes,
      pool_size: [pool, pool],
      first_conv: firstConv,
      classifier: 'classifier',
      ...(spec.licence && { license: spec.licence }),
    },
  };
}

export function unsupported(message: string, path?: string): ThawError {
  return new ThawError(
    'model.unsupported',
    message,
    l10n.t('Choose EfficientNet-Lite, MobileNetV2, an earlier run, or the small network that learns from scratch.'),
    { path },
  );
}
