import * as l10n from '@vscode/l10n';
import { type LayerKind, refused } from '../layer';
import { activations } from './activation';
import { convolutions } from './convolution';
import { denseLayers } from './dense';
import { dropouts } from './dropout';
import { geometries } from './geometry';
import { merges } from './merge';
import { normalizations } from './normalization';
import { poolings } from './pooling';
import { scalings } from './scaling';

const kinds: Readonly<Record<string, LayerKind>> = {
  ...activations,
  ...convolutions,
  ...denseLayers,
  ...dropouts,
  ...geometries,
  ...merges,
  ...normalizations,
  ...poolings,
  ...scalings,
};

/** @throws ThawError `model.unsupported` for a class that we don't know; one that would run its own code is never run. */
export function kindOf(type: string, path: string): LayerKind {
  const found = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (found) return found;
  if (type === 'Lambda') throw refused({ path, type }, l10n.t('it holds code of its own, which is never run'));
  throw refused({ path, type }, l10n.t('Thaw does not know layers of this class'));
}
