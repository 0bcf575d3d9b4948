import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { ThawError } from '../../protocol/failure';
import type { ImageTarget } from '../data/target';
import type { KerasGraph } from './keras/graph';
import type { ImageModel } from './model';

/** What a `config.json` asks for, whoever wrote it; the families turn it into a model. */
export interface ModelSpec {
  /** timm's name: `tf_efficientnet_lite0`, `mobilenetv2_035`; or `keras`, where `keras` holds the layers. */
  readonly architecture: string;
  readonly keras?: KerasGraph;
  readonly classes: number;
  /** Where the checkpoint's preprocessing is not the family's. */
  readonly input?: Partial<ImageTarget>;
  /** Others of timm's model_args: a family takes those that it knows, and refuses the rest by name. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** timm's model_args `pad_type` and `bn_eps`, where they are not the architecture's. */
  readonly padding?: 'same' | 'symmetric';
  readonly epsilon?: number;
  /** timm's spelling: `apache-2.0`. Empty for weights that are the user's own. */
  readonly licence?: string;
  /** timm's mark of what it was trained on: `in1k`. */
  readonly tag?: string;
}

/** How a family builds one of its architectures; null for another family's. @throws ThawError `model.unsupported` */
export type Family = (spec: ModelSpec) => ImageModel | null;

export const imageNetMean = [0.485, 0.456, 0.406] as const;
export const imageNetDeviation = [0.229, 0.224, 0.225] as const;
export const half = [0.5, 0.5, 0.5] as const;

/** Nearest multiple of 8, never more than 10 % below (timm `make_divisible`, from TensorFlow's slim). */
export function roundChannels(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/**
 * timm's model_args of a specification, checked.
 * @param pool the only `global_pool` that the family has
 * @throws ThawError `model.unsupported` naming an argument that would change the arithmetic
 */
export function argumentsOf<T extends z.ZodRawShape>({ args = {} }: ModelSpec, pool: string, known: T) {
  const { global_pool = pool, ...rest } = args;
  if (global_pool !== pool) throw unsupportedSetting('global_pool', global_pool);
  const found = z.strictObject(known).partial().safeParse(rest);
  if (found.success) return found.data;
  const issue = found.error.issues[0];
  const name = String(issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0]);
  throw unsupportedSetting(name, rest[name]);
}

export function unsupportedSetting(name: string, value: unknown, path?: string): ThawError {
  return unsupported(l10n.t('The setting {0} = {1} of the model is not supported.', name, JSON.stringify(value)), path);
}

interface ConfigFacts {
  readonly input: ImageTarget;
  readonly features: number;
  readonly firstConv: string;
  readonly classifier?: string | readonly string[];
  /** 'avg' by default. */
  readonly pool?: string;
  /** model_args beside those of the specification. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** timm takes pictures of this size alone. */
  readonly fixedSize?: boolean;
}

/** `config.json` in timm's layout (timm `save_config_for_hf`), labels left out. */
export function timmConfig(spec: ModelSpec, facts: ConfigFacts): Record<string, unknown> {
  const { input, features, firstConv, classifier = 'classifier', pool = 'avg', fixedSize = false } = facts;
  const { global_pool: _, ...given } = spec.args ?? {};
  const args: Record<string, unknown> = { ...given, ...facts.args };
  if (spec.padding !== undefined) args.pad_type = spec.padding === 'same' ? 'same' : '';
  if (spec.epsilon !== undefined) args.bn_eps = spec.epsilon;
  const side = Math.ceil(input.size / 32);
  return {
    architecture: spec.architecture,
    num_classes: spec.classes,
    num_features: features,
    global_pool: pool,
    ...(Object.keys(args).length > 0 && { model_args: args }),
    pretrained_cfg: {
      ...(spec.tag && { tag: spec.tag }),
      custom_load: false,
      input_size: [3, input.size, input.size],
      fixed_input_size: fixedSize,
      interpolation: input.interpolation,
      crop_pct: input.crop,
      crop_mode: 'center',
      mean: [...input.mean],
      std: [...input.std],
      num_classes: spec.classes,
      pool_size: fixedSize ? null : [side, side],
      first_conv: firstConv,
      classifier,
      ...(spec.licence && { license: spec.licence }),
    },
  };
}

export function unsupported(message: string, path?: string): ThawError {
  return new ThawError(
    'model.unsupported',
    message,
    l10n.t(
      'Choose EfficientNet-Lite, MobileNetV2, ResNet, ConvNeXt, ViT or DeiT, an earlier run, or the small network that learns from scratch.',
    ),
    { path },
  );
}
