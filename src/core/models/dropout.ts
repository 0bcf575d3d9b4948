import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import type { RunConfig } from '../../protocol/runConfig';
import { droppingIn } from '../nn';
import type { Network } from './model';

/**
 * Gives every layer of a model that drops something in training this rate in the place of its own; 'model' leaves what its
 * checkpoint says. Adapters have a rate of theirs, and so has what drops whole blocks.
 * @throws ThawError `config.invalid` where there is no such layer, so that the rate would say nothing
 */
export function setDropout({ root }: Network, rate: RunConfig['dropout'] = 'model'): void {
  if (rate === 'model') return;
  const layers = [...droppingIn(root)];
  if (layers.length === 0 && rate > 0)
    throw new ThawError(
      'config.invalid',
      l10n.t('This model has no dropout, so it cannot have a rate of {0}.', rate),
      l10n.t('Leave "dropout" out of the configuration, or choose another model.'),
    );
  for (const { drops } of layers) drops.rate = rate;
}
