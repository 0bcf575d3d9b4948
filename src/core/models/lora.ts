import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import { matches } from '../../protocol/rules';
import type { LoraConfig } from '../../protocol/runConfig';
import { type Linear, linearsOf } from '../nn';
import { isInHead, type Network } from './model';
import type { TextModel } from './text';

export type LoraOptions = Pick<LoraConfig, 'rank' | 'alpha' | 'targets'> & Partial<Pick<LoraConfig, 'rslora' | 'dropout'>>;

/** What is adapted unless somebody says otherwise: of attention what asks and what is given, as Hu et al. did and PEFT does. */
const familyTargets: Readonly<Record<string, readonly string[]>> = {
  bert: ['**.query', '**.value'],
  roberta: ['**.query', '**.value'],
  'xlm-roberta': ['**.query', '**.value'],
  distilbert: ['**.q_lin', '**.v_lin'],
  gpt2: ['**.attn.c_attn'],
  llama: ['**.q_proj', '**.v_proj'],
  qwen2: ['**.q_proj', '**.v_proj'],
  t5: ['**.q', '**.v'],
  vit: ['**.attn.qkv'],
  deit: ['**.attn.qkv'],
};

/**
 * Globs of the layers that a family adapts: by name, or where we know no better, all linear layers below the head; empty for a
 * network that has none there, such as a convolutional one.
 */
export function defaultLoraTargets(model: Network & { readonly family?: string }): string[] {
  const known = familyTargets[model.family ?? ''];
  if (known) return [...known];
  return adaptable(model).map(({ path }) => path);
}

/** Linear layers other than the head. */
function adaptable(model: Network): Linear[] {
  return [...linearsOf(model.root)].filter(({ path }) => !isInHead(model, `${path}.weight`));
}

/**
 * Low-rank adaptation (Hu et al. 2021, arXiv 2106.09685): puts adapters beside the linear layers that the targets name, those
 * of the family where they name none. As B begins with zeros, the model gives what it gave before, to the byte. They count
 * α / rank, or with `rslora` α / √rank (Kalajdzievski 2023, arXiv 2312.03732).
 * @returns the paths of the adapted layers, in the order of the tree.
 * @throws ThawError `config.invalid` where the targets name no linear layer, or the head, which learns as a whole.
 */
export function addLora(model: Network, { rank, alpha, rslora = false, dropout = 0, targets }: LoraOptions): string[] {
  const globs = targets.length > 0 ? targets : defaultLoraTargets(model);
  const found = [...linearsOf(model.root)].filter(({ path }) => globs.some((glob) => matches(glob, path)));
  if (globs.length === 0)
    throw new ThawError(
      'config.invalid',
      l10n.t('This model has no linear layers below its head, so adapters have no place in it.'),
      l10n.t('Choose another preset, such as "top", or a transformer.'),
    );
  if (found.length === 0)
    throw new ThawError(
      'config.invalid',
      l10n.t('No linear layer is named by {0}.', globs.map((glob) => `"${glob}"`).join(', ')),
      l10n.t('"thaw layers MODEL" lists the names; "**" stands for any number of parts, as in "blocks.6.**".'),
    );
  const below = learnsHead(model) ? found.filter(({ path }) => !isInHead(model, `${path}.weight`)) : found;
  if (below.length === 0)
    throw new ThawError(
      'config.invalid',
      l10n.t('{0} is the head, which learns as a whole beside adapters.', found[0]?.path ?? ''),
      l10n.t('Name layers below it.'),
    );
  for (const layer of below) layer.adapt({ rank, scale: alpha / (rslora ? Math.sqrt(rank) : rank), dropout });
  return below.map(({ path }) => path);
}

/** Of a classifier, the head learns as a whole; a language model's is the base's own, and stays. */
export function learnsHead(model: Network & Partial<Pick<TextModel, 'kind'>>): boolean {
  return model.kind === undefined || model.kind === 'sequence-classification';
}
