import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type * as z from 'zod';
import { refuseNewer } from '../core/runs/config';
import type { ColumnRole } from '../protocol/data';
import { defaultEpochs } from '../protocol/defaults';
import { ThawError } from '../protocol/failure';
import { type Preset, presetNames, presetSchema, type RunConfig, runConfigSchema } from '../protocol/runConfig';
import { columnNamed } from './textFlags';

/** What `thaw train` was told, as it was typed. */
export type TrainFlags = Partial<Record<(typeof settings)[number]['key'] | 'preset' | 'out' | 'config', string>> & {
  /** `--train` and `--freeze` in the order given, the latter with a leading `!`. */
  rules: string[];
  loraRslora?: boolean;
  loraTargets?: string[];
};

/** Where a flag goes in the configuration. */
export const settings = [
  { flag: '--model', key: 'model', place: ['model'] },
  { flag: '--epochs', key: 'epochs', place: ['phases', 0, 'epochs'], numeric: true },
  { flag: '--learning-rate', key: 'learningRate', place: ['phases', 0, 'learningRate'], numeric: true },
  { flag: '--batch-size', key: 'batchSize', place: ['batchSize'], numeric: true },
  { flag: '--optimizer', key: 'optimizer', place: ['optimizer', 'name'] },
  { flag: '--weight-decay', key: 'weightDecay', place: ['optimizer', 'weightDecay'], numeric: true },
  { flag: '--schedule', key: 'schedule', place: ['schedule', 'name'] },
  { flag: '--warmup', key: 'warmup', place: ['schedule', 'warmup'], numeric: true },
  { flag: '--augment', key: 'augment', place: ['augmentation'] },
  { flag: '--label-smoothing', key: 'labelSmoothing', place: ['labelSmoothing'], numeric: true },
  { flag: '--class-weights', key: 'classWeights', place: ['classWeights'] },
  { flag: '--early-stopping', key: 'earlyStopping', place: ['earlyStopping'], numeric: true },
  { flag: '--task', key: 'task', place: ['data', 'task'] },
  { flag: '--text-column', key: 'textColumn', place: ['data', 'columns', 'text'] },
  { flag: '--second-column', key: 'secondColumn', place: ['data', 'columns', 'secondText'] },
  { flag: '--label-column', key: 'labelColumn', place: ['data', 'columns', 'label'] },
  { flag: '--source-column', key: 'sourceColumn', place: ['data', 'columns', 'source'] },
  { flag: '--target-column', key: 'targetColumn', place: ['data', 'columns', 'target'] },
  { flag: '--instruction-column', key: 'instructionColumn', place: ['data', 'columns', 'instruction'] },
  { flag: '--input-column', key: 'inputColumn', place: ['data', 'columns', 'input'], column: 'input' },
  { flag: '--output-column', key: 'outputColumn', place: ['data', 'columns', 'output'] },
  { flag: '--messages-column', key: 'messagesColumn', place: ['data', 'columns', 'messages'], column: 'messages' },
  { flag: '--split-column', key: 'splitColumn', place: ['data', 'columns', 'split'], column: 'split' },
  { flag: '--prefix', key: 'prefix', place: ['data', 'prefix'] },
  { flag: '--max-length', key: 'maxLength', place: ['maxLength'], numeric: true },
  { flag: '--long-texts', key: 'longTexts', place: ['longTexts'] },
  { flag: '--validation-split', key: 'validationSplit', place: ['data', 'validationSplit'], numeric: true },
  { flag: '--test-split', key: 'testSplit', place: ['data', 'testSplit'], numeric: true },
  { flag: '--image-size', key: 'imageSize', place: ['imageSize'], numeric: true },
  { flag: '--dropout', key: 'dropout', place: ['dropout'], numeric: true },
  { flag: '--lora-rank', key: 'loraRank', place: ['lora', 'rank'], numeric: true },
  { flag: '--lora-alpha', key: 'loraAlpha', place: ['lora', 'alpha'], numeric: true },
  { flag: '--lora-dropout', key: 'loraDropout', place: ['lora', 'dropout'], numeric: true },
  { flag: '--gradient-clipping', key: 'gradientClipping', place: ['gradientClipping'], numeric: true },
  { flag: '--gradient-accumulation', key: 'gradientAccumulation', place: ['gradientAccumulation'], numeric: true },
  { flag: '--seed', key: 'seed', place: ['seed'], numeric: true },
  { flag: '--engine', key: 'engine', place: ['engine'] },
  { flag: '--device', key: 'device', place: ['device'] },
  { flag: '--threads', key: 'threads', place: ['threads'], numeric: true },
] as const satisfies { flag: string; key: string; place: (string | number)[]; numeric?: true; column?: ColumnRole }[];

/** A configuration that is right as far as can be told without the model. */
export interface Draft {
  /** Rules and learning rate of the first phase are to be filled in where `open` says so. */
  readonly config: RunConfig;
  readonly open: Readonly<Record<'model' | 'rules' | 'learningRate' | 'task' | 'labelSmoothing' | 'lora', boolean>>;
  readonly preset: Preset | undefined;
}

/**
 * The configuration file, if one is named, with the flags before it. Paths are resolved against the current folder.
 * @throws ThawError `usage` without data, `config.invalid` with all mistakes of file and flags at once, `config.newer`
 */
export async function draftConfig(data: string | undefined, flags: TrainFlags): Promise<Draft> {
  const value = flags.config === undefined ? {} : await readConfig(flags.config);
  const open = {
    model: value.model === undefined && flags.model === undefined,
    rules: value.phases === undefined || flags.preset !== undefined || flags.rules.length > 0,
    learningRate: value.phases === undefined && flags.learningRate === undefined,
    task: (value.data as { task?: unknown } | undefined)?.task === undefined && flags.task === undefined,
    labelSmoothing: value.labelSmoothing === undefined && flags.labelSmoothing === undefined,
    lora: false,
  };
  const wrong: string[] = [];
  const lora = loraFlagOf(flags);
  // Whoever says how adapters are to be wants them.
  const asked = flags.preset ?? (lora !== undefined && value.lora === undefined && flags.rules.length === 0 ? 'lora' : undefined);
  if (asked === 'lora') {
    value.lora ??= {};
    open.rules = true;
  } else if (asked !== undefined) {
    delete value.lora;
    if (lora !== undefined) wrong.push(l10n.t('{0}: adapters are what --preset lora trains', lora));
  }
  const preset = presetSchema.safeParse(asked);
  if (flags.preset !== undefined && !preset.success)
    wrong.push(l10n.t('--preset: there is no "{0}", there is {1}', flags.preset, presetNames.join(', ')));
  if (Array.isArray(value.phases) && value.phases.length > 1 && (open.rules || flags.epochs || flags.learningRate))
    wrong.push(l10n.t('phases: the file has {0} of them; change their epochs, learning rates and rules there', value.phases.length));

  // What the schema does not fill in: it cannot know the model that these depend on.
  value.phases ??= [{ epochs: defaultEpochs, learningRate: 1e-3, rules: [] }];
  if (flags.optimizer !== undefined || flags.weightDecay !== undefined) {
    const before = value.optimizer as { name?: unknown } | undefined;
    if (before?.name !== (flags.optimizer ?? before?.name)) delete value.optimizer;
    put(value, ['optimizer', 'name'], flags.optimizer ?? before?.name ?? 'adamw');
  }
  for (const { key, place, ...setting } of settings) {
    const text = flags[key];
    if (text === undefined) continue;
    const given = 'column' in setting ? columnNamed(setting.column, text) : text;
    put(value, place, 'numeric' in setting ? numberOf(text) : given);
  }
  if (flags.loraRslora) put(value, ['lora', 'rslora'], true);
  if (flags.loraTargets) put(value, ['lora', 'targets'], flags.loraTargets);
  open.lora = typeof value.lora === 'object' && value.lora !== null && Object.keys(value.lora).length === 0;
  if (data !== undefined) put(value, ['data', 'path'], data);
  const root = (value.data as { path?: unknown } | undefined)?.path;
  if (typeof root === 'string' && root !== '') put(value, ['data', 'path'], path.resolve(root));
  else if (value.data === undefined || root === undefined) throw new ThawError('usage', l10n.t('No data are named.'), 'thaw train DATA');

  const parsed = runConfigSchema.safeParse(value);
  if (!parsed.success) wrong.push(...parsed.error.issues.map((issue) => mistake(issue, value, flags)));
  if (parsed.success && wrong.length === 0) return { config: parsed.data, open, preset: preset.data };
  throw new ThawError(
    'config.invalid',
    `${l10n.t('The configuration is not right:')}\n${wrong.map((line) => `  ${line}`).join('\n')}`,
    l10n.t('Correct them all, then start again. "thaw train --help" lists what there is.'),
    { path: flags.config && path.resolve(flags.config) },
  );
}

/** The first flag that says how adapters are to be. */
function loraFlagOf(flags: TrainFlags): string | undefined {
  if (flags.loraRslora) return '--lora-rslora';
  if (flags.loraTargets) return '--lora-targets';
  return settings.find(({ key, place }) => place[0] === 'lora' && flags[key] !== undefined)?.flag;
}

async function readConfig(file: string): Promise<Record<string, unknown>> {
  const invalid = (message: string) =>
    new ThawError('config.invalid', message, l10n.t('Name a file that holds a configuration as JSON.'), { path: path.resolve(file) });
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'EISDIR' ? invalid(l10n.t('There is no configuration file "{0}".', file)) : error;
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(l10n.t('"{0}" is not JSON: {1}', file, (error as Error).message));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(l10n.t('"{0}" is not a JSON object.', file));
  refuseNewer(value, path.resolve(file));
  return value as Record<string, unknown>;
}

/** `12` → 12; what is no number stays text, for the schema to say so. */
function numberOf(text: string): number | string {
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? text : value;
}

type Node = Record<string | number, unknown>;

/** Sets a value deep inside, making objects on the way; what is of a wrong type there is left for the schema to refuse. */
function put(target: Node, [key, ...rest]: readonly (string | number)[], value: unknown): void {
  if (key === undefined) return;
  if (rest.length === 0) target[key] = value;
  else {
    target[key] ??= {};
    if (typeof target[key] === 'object') put(target[key] as Node, rest, value);
  }
}

/** `--epochs: Too small: expected number to be >=1 (given: -3)`. */
function mistake(issue: z.core.$ZodIssue, value: unknown, flags: TrainFlags): string {
  const place = issue.path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i ? '.' : ''}${String(part)}`)).join('');
  const flag = settings.find((s) => flags[s.key] !== undefined && s.place.join() === issue.path.join())?.flag;
  const given = issue.path.reduce<unknown>((node, part) => (node as Node | undefined)?.[part as string], value);
  const shown = given === undefined || typeof given === 'object' ? '' : ` (${l10n.t('given: {0}', JSON.stringify(given))})`;
  const where = flag ?? place;
  return `${where ? `${where}: ` : ''}${issue.message}${shown}`;
}
