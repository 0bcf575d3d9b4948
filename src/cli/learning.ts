import * as l10n from '@vscode/l10n';
import { presetRules, presetsOf } from '../core/methods';
import { addLora, type Network } from '../core/models';
import { type Module, tensorsOf } from '../core/nn';
import { describeForTask, describeModel, type Places } from '../core/weights';
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
  const described = await describe(asked, open.model, places, notes);
  const config = open.lora ? withOwnAdapter(asked, described.facts, notes) : asked;
  if (config.lora) addLora(described.model, config.lora);
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

/** Without a model named, the small one learns from scratch where the bundled weights are not installed. */
async function describe(
  { model: id, imageSize, data: { task } }: RunConfig,
  mayReplace: boolean,
  places: Places,
  notes: string[],
): Promise<{ model: Network; facts: ModelFacts }> {
  // The number of classes changes nothing that is asked here.
  const about = { classes: 2, imageSize, ...places };
  if (task !== 'image-classification') return describeForTask(id, task, hasClasses(task) ? about : places);
  try {
    return await describeModel(id, about);
  } catch (error) {
    if (!mayReplace || asFailure(error).code !== 'model.missing') throw error;
    notes.push(
      l10n.t('The pretrained model {0} is not installed: {1} learns from scratch, which takes more pictures and epochs.', id, scratchModel),
    );
    return describeModel(scratchModel, about);
  }
}
