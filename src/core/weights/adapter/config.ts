import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { ThawError } from '../../../protocol/failure';
import type { TextHead } from '../../models/text';
import { readJson } from '../json';

export const adapterFiles = { config: 'adapter_config.json', weights: ['adapter_model.safetensors', 'adapter_model.bin'] } as const;

/** PEFT's names of tasks, and the head that each trains. */
export const taskTypes = {
  'sequence-classification': 'SEQ_CLS',
  'causal-lm': 'CAUSAL_LM',
  'text-to-text': 'SEQ_2_SEQ_LM',
} as const satisfies Partial<Record<TextHead, string>>;

const patternSchema = z.record(z.string(), z.number()).nullish();

/** What of `adapter_config.json` decides what an adapter computes (peft/tuners/lora/config.py). */
const schema = z.looseObject({
  peft_type: z.string(),
  task_type: z.string().nullish(),
  base_model_name_or_path: z.string().nullish(),
  revision: z.string().nullish(),
  r: z.int().min(1).default(8),
  lora_alpha: z.number().positive().default(8),
  lora_dropout: z.number().min(0).lt(1).nullish(),
  use_rslora: z.boolean().nullish(),
  bias: z.string().nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
  rank_pattern: patternSchema,
  alpha_pattern: patternSchema,
});

/** Settings of other methods and of their variants: anything but this, or nothing, computes something else. */
const neutral: Readonly<Record<string, unknown>> = {
  bias: 'none',
  use_dora: false,
  lora_bias: false,
  use_qalora: false,
  use_bdlora: false,
  layer_replication: null,
  megatron_config: null,
  trainable_token_indices: null,
  target_parameters: null,
  alora_invocation_tokens: null,
  arrow_config: null,
  corda_config: null,
  kasa_config: null,
  lora_ga_config: null,
  loftq_config: null,
  monteclora_config: null,
  velora_config: null,
};

/** First values that leave the base as it is; PiSSA, OLoRA, CorDA and LoftQ take out of the base what they give to the adapter. */
const harmlessStarts: readonly unknown[] = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal'];

export interface AdapterConfig {
  /** Null where the file names none. */
  readonly base: { readonly name: string; readonly revision: string | null } | null;
  /** What PEFT trained it for; null where it does not say: for a network of pictures, or a bare one. */
  readonly head: keyof typeof taskTypes | null;
  readonly rank: number;
  readonly dropout: number;
  readonly rslora: boolean;
  /** What an adapter of that rank counts, at the layer of that name in the base. */
  scaleOf(layer: string, rank: number): number;
}

/** @throws ThawError `model.missing` | `model.corrupt`; `model.unsupported` naming a method or setting that we don't do. */
export async function readAdapterConfig(folder: string): Promise<AdapterConfig> {
  const file = path.join(folder, adapterFiles.config);
  const config = await readJson(file, schema);
  if (config.peft_type.toUpperCase() !== 'LORA') throw refused('peft_type', config.peft_type, file);
  for (const [name, value] of Object.entries(neutral)) {
    if (!isNothing(config[name]) && config[name] !== value) throw refused(name, config[name], file);
  }
  const start = config.init_lora_weights;
  if (!harmlessStarts.includes(start)) throw refused('init_lora_weights', start, file);
  const alphas = Object.entries(config.alpha_pattern ?? {}).map(([pattern, alpha]) => ({
    pattern: expression(pattern, 'alpha_pattern', file),
    alpha,
  }));
  const rslora = config.use_rslora ?? false;
  const { base_model_name_or_path: name, revision, task_type: task, lora_alpha, r: rank, lora_dropout } = config;
  const head = (Object.keys(taskTypes) as (keyof typeof taskTypes)[]).find((key) => taskTypes[key] === task) ?? null;
  if (head === null && task && task !== 'FEATURE_EXTRACTION') throw refused('task_type', task, file);
  return {
    base: name ? { name, revision: revision || null } : null,
    head,
    rank,
    dropout: lora_dropout ?? 0,
    rslora,
    scaleOf: (layer, ofRank) => {
      const alpha = alphas.find(({ pattern }) => pattern.test(layer))?.alpha ?? lora_alpha;
      return alpha / (rslora ? Math.sqrt(ofRank) : ofRank);
    },
  };
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/**
 * What patterns over names need, and nothing that takes a hostile one forever: repetitions of single characters alone, and few
 * of them. PEFT's `get_pattern_key` matches the end of a name.
 */
const piece = String.raw`\w|-|\.[*+]?|\\\.|\\d[*+]?|\[0-9\][*+]?|\(\?:|\(|\)|\|`;
const harmless = new RegExp(String.raw`^\^?(?:${piece})*\$?$`);
const mostRepetitions = 3;

function expression(pattern: string, setting: string, file: string): RegExp {
  const repetitions = pattern.match(/[*+]/g)?.length ?? 0;
  if (pattern.length <= 500 && harmless.test(pattern) && repetitions <= mostRepetitions) {
    try {
      return new RegExp(`^(?:.*\\.)?(?:${pattern})$`);
    } catch {
      // refused below, as any other that is none
    }
  }
  throw refused(setting, { [pattern]: '…' }, file);
}

export function refused(setting: string, value: unknown, file: string): ThawError {
  return new ThawError(
    'model.unsupported',
    l10n.t('The adapter has the setting {0} = {1}, which Thaw does not read.', setting, JSON.stringify(value)),
    l10n.t('Choose a plain LoRA adapter, or merge this one with PEFT ("merge_and_unload") and open what it saves.'),
    { path: file },
  );
}
