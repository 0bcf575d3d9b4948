import * as l10n from '@vscode/l10n';
import type { RunEventBody } from '../../protocol/events';
import type { Network } from '../models';

/** How many of them are named. */
const shown = 3;

/** Says which layers of a model do nothing in this run that would act where the model comes from. */
export function silentLayersWarning({ silent = [] }: Network): RunEventBody[] {
  if (silent.length === 0) return [];
  const named = silent.slice(0, shown).map(({ path, type }) => `${path} (${type})`);
  const names = [...named, ...(silent.length > shown ? ['…'] : [])].join(', ');
  const message =
    silent.length === 1
      ? l10n.t('One layer acts in training where the model comes from, and does nothing here: {0}.', names)
      : l10n.t('{0} layers act in training where the model comes from, and do nothing here: {1}.', silent.length, names);
  return [{ type: 'warning', code: 'model.silentLayers', message }];
}
