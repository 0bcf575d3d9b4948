import * as l10n from '@vscode/l10n';
import { presetRules, presetsOf } from '../core/methods';
import type { Network } from '../core/models';
import { type Module, tensorsOf } from '../core/nn';
import { describeAdapted, describeForTask, describeModel, type Places } from '../core/weights';
import type { ModelFacts } from '../protocol/assistant';
import { defaultLearningRate, defaultPreset, hasClasses, scratchModel } from '../protocol/defaults';
import { asFailure, ThawError } from '../protocol/failure';
import { learns, matches, type Rules } from '../protocol/rules';
import type { Preset, RunConfig } from '../protocol/runConfig';
import { withTask } from './textTask';
import type { Draft } from './trainConfig';

/**
 * Fills in what depends on the model: its rules by preset and flags, its learning rate.
 * @returns the configuration, and what a person should know about it
 * @throws ThawError `config.invalid` for a rule that no parameter matches; `model.missing`, `model.unsupported`, `model.corrupt`
 */
export async function completeConfig(draft: Draft, rules: Rules, places: Places): Promise<{ config: RunConfig; notes: string[] }> {
  const { open, preset } = draft;
  const notes: string[] = [];
  const asked = await withTask(draft, places.modelsFolder);
  const plain = await describe(asked, open.model, places, notes);
  const config = open.lora ? withOwnAdapter(asked, plain.facts, notes) : asked;
  const described = await withLora(config, plain, places);
  const [first, ...others] = config.phases;
  if (!first) throw new Error('A configuration has a phase at least.'); // The schema demands it.
  const phase = { ...first };
  const used = preset ?? defaultPreset(described.facts, config.data.task);
  if (open.rules) phase.rules = rulesOf(described, preset ?? (first.rules.length > 0 ? first.rules : used), rules);
  if (open.learningRate) phase.learningRate = defaultLearningRate(used, config.optimizer.name, described.facts);
  return { config: { ...config, model: described.facts.id, phases: [phase, ...others] }, notes };
}

/** An adapter that is named as the model learns on, unless somebody says how adapters are to be. */
function withOwnAdapter(config: RunConfig, { lora }: ModelFacts, notes: string[]): RunConfig {
  if (!lora) return config;
  notes.push(l10n.t('The adapter learns on: rank {0}, alpha {1}, dropout {2}.', lora.rank, lora.alpha, lora.dropout));
  return { ...config, lora };
}

/** @param plain the model, any adapter that it has merged into it */
async function withLora(config: RunConfig, plain: Described, places: Places): Promise<Described> {
  const { id } = plain.facts;
  const live = () => describeForRun({ ...config, model: id }, { ...places, keepsAdapter: true });
  return (await describeAdapted(id, config.lora, places, async (keepsAdapter) => (keepsAdapter ? live() : plain))).described;
}

/**
 * The rules of a preset (or those given), then those of `--train` and `--freeze`.
 * @throws ThawError `config.invalid` where one of the latter matches no parameter, or nothing would learn
 */
export function rulesOf({ model }: { readonly model: Network }, base: Preset | Rules, added: Rules): string[] {
  const names = parameterNames(model.root);
  const lost = added.filter((rule) => !names.some((name) => matches(rule.replace(/^!/, ''), name)));
  if (lost.length > 0)
    throw new ThawError(
      'config.invalid',
      lost.map((rule) => l10n.t('{0}: no parameter of the model has such a name.', flagOf(rule))).join('\n'),
      l10n.t('"thaw layers MODEL" lists the names; "**" stands for any number of parts, as in "blocks.6.**".'),
    );
  const rules = [...(typeof base === 'string' ? presetRules(model, base) : base), ...added];
  if (rules.length === 0)
    throw new ThawError(
      'config.invalid',
      l10n.t('This model has no separate head: it tells words by the embeddings that it reads them with.'),
      l10n.t(
        'Choose another preset: {0}.',
        presetsOf(model)
          .map(({ name }) => name)
          .join(', '),
      ),
    );
  if (!names.some((name) => learns(rules, name)))
    throw new ThawError(
      'config.invalid',
      l10n.t('Under these rules no layer learns: {0}', rules.join(' ')),
      l10n.t('Let one learn with --train.'),
    );
  return rules;
}

function flagOf(rule: string): string {
  return rule.startsWith('!') ? `--freeze ${rule.slice(1)}` : `--train ${rule}`;
}

function parameterNames(root: Module): string[] {
  return [...tensorsOf(root)].filter((tensor) => !tensor.statistic).map((tensor) => tensor.name);
}

interface Described {
  readonly model: Network;
  readonly facts: ModelFacts;
}

/** Without a model named, the small one learns from scratch where the bundled weights are not installed. */
async function describe(config: RunConfig, mayReplace: boolean, places: Places, notes: string[]): Promise<Described> {
  try {
    return await describeForRun(config, places);
  } catch (error) {
    const { model: id, data } = config;
    if (data.task !== 'image-classification' || !mayReplace || asFailure(error).code !== 'model.missing') throw error;
    notes.push(
      l10n.t('The pretrained model {0} is not installed: {1} learns from scratch, which takes more pictures and epochs.', id, scratchModel),
    );
    return describeForRun({ ...config, model: scratchModel }, places);
  }
}

function describeForRun(
  { model: id, imageSize, data: { task } }: RunConfig,
  options: Places & { readonly keepsAdapter?: boolean },
): Promise<Described> {
  // The number of classes changes nothing that is asked here.
  const classes = hasClasses(task) ? { classes: 2 } : {};
  if (task === 'image-classification') return describeModel(id, { ...classes, imageSize, ...options });
  return describeForTask(id, task, { ...classes, ...options });
}
