import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import type { ImageTarget } from '../data/target';
import { type ModelSpec, unsupported, unsupportedSetting } from '../models';

const channels = z.tuple([z.number(), z.number(), z.number()]);
const positive = z.int().min(1);
const preprocessing = {
  input_size: z.tuple([positive, positive, positive]).optional(),
  interpolation: z.string().optional(),
  crop_pct: z.number().positive().max(1).optional(),
  mean: channels.optional(),
  std: channels.optional(),
  num_classes: positive.optional(),
  license: z.string().optional(),
  tag: z.string().optional(),
};

/** `config.json` as timm writes it (`save_config_for_hf`); older ones hold the pretrained_cfg's keys at the top. */
export const timmConfigSchema = z.looseObject({
  ...preprocessing,
  architecture: z.string(),
  label_names: z.union([z.array(z.string()), z.record(z.string(), z.string())]).optional(),
  labels: z.array(z.string()).optional(),
  model_args: z.record(z.string(), z.unknown()).optional(),
  pretrained_cfg: z.looseObject(preprocessing).optional(),
});
export type TimmConfig = z.infer<typeof timmConfigSchema>;

/** model_args that say what the file says elsewhere, or that matter only to how timm trains. */
const harmless = new Set(['num_classes', 'drop_rate', 'drop_path_rate', 'bn_momentum', 'zero_init_last', 'weight_init']);

/** @throws ThawError `model.unsupported` naming what would change the arithmetic in any family; the rest is the families' to judge. */
export function readTimmConfig(config: TimmConfig, path: string): { spec: ModelSpec; labels: string[] | null } {
  const facts = { ...config, ...config.pretrained_cfg };
  const { in_chans, pad_type, bn_eps, ...others } = config.model_args ?? {};
  if (in_chans !== undefined && in_chans !== 3) throw unsupportedSetting('in_chans', in_chans, path);
  const args = Object.fromEntries(Object.entries(others).filter(([name]) => !harmless.has(name)));
  if (facts.input_size && (facts.input_size[0] !== 3 || facts.input_size[1] !== facts.input_size[2]))
    throw unsupported(l10n.t('Pictures of {0} are not supported, only square ones with 3 channels.', facts.input_size.join(' × ')), path);

  const input: { -readonly [K in keyof ImageTarget]?: ImageTarget[K] } = {};
  if (facts.input_size) input.size = facts.input_size[1];
  if (facts.crop_pct !== undefined) input.crop = facts.crop_pct;
  if (facts.interpolation) input.interpolation = facts.interpolation === 'bilinear' ? 'bilinear' : 'bicubic';
  if (facts.mean) input.mean = facts.mean;
  if (facts.std) input.std = facts.std;
  const names = config.label_names ?? config.labels ?? null;
  const labels = names === null || Array.isArray(names) ? names : inOrder(names);
  return {
    spec: {
      architecture: config.architecture,
      classes: config.num_classes ?? config.pretrained_cfg?.num_classes ?? labels?.length ?? 1000,
      input,
      args,
      ...(typeof pad_type === 'string' && { padding: pad_type === 'same' ? 'same' : 'symmetric' }),
      ...(typeof bn_eps === 'number' && { epsilon: bn_eps }),
      licence: facts.license,
      tag: facts.tag,
    },
    labels,
  };
}

/** Labels keyed by class number, `{"0": "ant", "1": "bee"}`. */
export function inOrder(names: Readonly<Record<string, string>>): string[] {
  return Object.entries(names)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => name);
}
