import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { type TextTask, textTasks } from '../../../protocol/data';
import { ThawError } from '../../../protocol/failure';
import { bertFamily } from './bert';
import { distilbertFamily } from './distilbert';
import { gpt2Family } from './gpt2';
import { llamaFamily, qwen2Family } from './llama';
import { robertaFamily } from './roberta';
import { t5Family } from './t5';
import type { TextFamily, TextHead, TextModel } from './textModel';

const families: readonly TextFamily[] = [bertFamily, distilbertFamily, robertaFamily, gpt2Family, llamaFamily, qwen2Family, t5Family];

/** Whether a `model_type` is of a family of texts. */
export function isTextModelType(type: string): boolean {
  return families.some(({ types }) => types.includes(type));
}

/** transformers' names of classes end in what their head is for. */
const endings: readonly [RegExp, TextHead][] = [
  [/ForSequenceClassification$/, 'sequence-classification'],
  [/(ForCausalLM|LMHeadModel)$/, 'causal-lm'],
  [/(ForMaskedLM|ForPreTraining)$/, 'masked-lm'],
  [/ForConditionalGeneration$/, 'text-to-text'],
];

/** The head with which a `config.json` was published; the family's first where that is none of ours, as of a bare `BertModel`. */
export function publishedHead(type: string, architecture = ''): TextHead {
  const heads = families.find(({ types }) => types.includes(type))?.heads ?? [];
  const named = endings.find(([ending]) => ending.test(architecture))?.[1];
  return named && heads.includes(named) ? named : (heads[0] ?? 'sequence-classification');
}

/** The head that a task learns with. */
export function headFor(task: TextTask): TextHead {
  switch (task) {
    case 'text-classification':
    case 'text-pair-classification':
      return 'sequence-classification';
    case 'causal-lm':
    case 'chat':
      return 'causal-lm';
    case 'text-to-text':
      return 'text-to-text';
  }
}

/** What models of a `model_type` can learn. */
export function tasksOf(type: string): TextTask[] {
  const heads = families.find(({ types }) => types.includes(type))?.heads ?? [];
  return textTasks.filter((task) => heads.includes(headFor(task)));
}

/**
 * The model of a published `config.json`, its tensors not yet there.
 * @throws ThawError `model.unsupported` for a type, head or setting that no family knows; `model.corrupt` for settings that
 *   are mistyped. `path` is the file.
 */
export function buildTextModel(config: unknown, { head, classes, path }: { head: TextHead; classes?: number; path?: string }): TextModel {
  const type = z.looseObject({ model_type: z.string() }).safeParse(config).data?.model_type ?? '';
  const family = families.find(({ types }) => types.includes(type));
  if (!family?.heads.includes(head))
    throw new ThawError(
      'model.unsupported',
      family ? l10n.t('A model of type "{0}" has no head for {1}.', type, head) : l10n.t('The model type "{0}" is not supported.', type),
      l10n.t('These can be fine-tuned on texts: {0}.', families.flatMap(({ types }) => types).join(', ')),
      { path },
    );
  try {
    return family.build(config, head, classes);
  } catch (error) {
    if (error instanceof ThawError) throw new ThawError(error.failure.code, error.failure.message, error.failure.hint, { path });
    if (!(error instanceof z.ZodError)) throw error;
    const issues = error.issues.map(({ path: where, message }) => `${where.join('.')}: ${message}`).join('; ');
    throw new ThawError(
      'model.corrupt',
      l10n.t('The configuration of the model is wrong: {0}.', issues),
      l10n.t('Fetch the model again.'),
      {
        path,
        cause: error,
      },
    );
  }
}
