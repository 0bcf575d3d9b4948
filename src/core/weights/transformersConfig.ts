import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import type { ImageTarget } from '../data/target';
import { type ModelSpec, unsupported, unsupportedSetting } from '../models';
import { inOrder } from './timmConfig';
import { convnextType } from './transformers/convnext';
import { deitType } from './transformers/deit';
import { mobilenetV2Type } from './transformers/mobilenetV2';
import { resnetType } from './transformers/resnet';
import type { Rename, TransformersType } from './transformers/type';
import { vitType } from './transformers/vit';

const types: Readonly<Record<string, TransformersType>> = {
  convnext: convnextType,
  deit: deitType,
  mobilenet_v2: mobilenetV2Type,
  resnet: resnetType,
  vit: vitType,
};

/** Whether a `model_type` is of a family of pictures. */
export function isImageModelType(type: string): boolean {
  return Object.hasOwn(types, type);
}

const positive = z.int().min(1);

/** What every `config.json` of transformers may say, whatever the type of its model. */
export const transformersConfigSchema = z.looseObject({
  model_type: z.string(),
  image_size: z.unknown().optional(),
  id2label: z.record(z.string(), z.string()).optional(),
  num_labels: positive.optional(),
});
export type TransformersConfig = z.infer<typeof transformersConfigSchema>;

/** `preprocessor_config.json` of the same. */
export const preprocessorSchema = z.looseObject({
  size: z
    .union([positive, z.looseObject({ shortest_edge: positive.optional(), height: positive.optional(), width: positive.optional() })])
    .optional(),
  crop_size: z.union([positive, z.looseObject({ height: positive, width: positive })]).optional(),
  crop_pct: z.number().positive().max(1).nullish(),
  do_center_crop: z.boolean().optional(),
  do_normalize: z.boolean().default(true),
  /** PIL's number: 2 bilinear, 3 bicubic. */
  resample: z.int().default(2),
  image_mean: z.tuple([z.number(), z.number(), z.number()]).optional(),
  image_std: z.tuple([z.number(), z.number(), z.number()]).optional(),
});
export type Preprocessor = z.infer<typeof preprocessorSchema>;

export interface TransformersFound {
  readonly spec: ModelSpec;
  readonly labels: string[] | null;
  readonly rename: Rename;
}

/** @throws ThawError `model.unsupported` naming the model type or a setting; `model.corrupt` for one of a wrong kind. */
export function readTransformersConfig(config: TransformersConfig, preprocessor: Preprocessor | null, path: string): TransformersFound {
  const type = Object.hasOwn(types, config.model_type) ? types[config.model_type] : undefined;
  if (!type) throw unsupported(l10n.t('The model type "{0}" is not supported.', config.model_type), path);
  const odd = Object.entries(type.only).find(([name, value]) => config[name] !== undefined && config[name] !== value);
  if (odd) throw unsupportedSetting(odd[0], config[odd[0]], path);
  const settings = type.schema.safeParse(config);
  if (!settings.success) {
    const name = String(settings.error.issues[0]?.path[0]);
    throw unsupportedSetting(name, config[name], path);
  }
  const { spec, rename } = type.read(settings.data, path);
  const labels = config.id2label ? inOrder(config.id2label) : null;
  return {
    spec: {
      ...spec,
      classes: labels?.length ?? config.num_labels ?? 2,
      input: {
        ...(typeof config.image_size === 'number' && { size: config.image_size }),
        ...(preprocessor ? targetOf(preprocessor) : type.input),
        // positions are made for one size
        ...spec.input,
      },
    },
    // Names that transformers makes up where there are none say nothing.
    labels: labels?.every((label, i) => label === `LABEL_${i}`) ? null : labels,
    rename,
  };
}

/** Where pictures are squeezed to a square there, here its middle is taken. */
export function targetOf({ size, crop_size, crop_pct, image_mean, image_std, ...rest }: Preprocessor): Partial<ImageTarget> {
  const half = [0.5, 0.5, 0.5] as const;
  const shortest = typeof size === 'number' ? size : (size?.shortest_edge ?? size?.height);
  const crops = rest.do_center_crop ?? crop_size !== undefined;
  const side = !crops ? shortest : typeof crop_size === 'number' ? crop_size : (crop_size?.height ?? shortest);
  const crop = crop_pct ?? (side && shortest && side <= shortest ? side / shortest : undefined);
  return {
    ...(side && { size: side }),
    ...(crop && { crop }),
    interpolation: rest.resample === 3 ? 'bicubic' : 'bilinear',
    mean: rest.do_normalize ? (image_mean ?? half) : [0, 0, 0],
    std: rest.do_normalize ? (image_std ?? half) : [1, 1, 1],
  };
}
