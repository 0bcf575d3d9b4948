import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import { matches } from '../../protocol/rules';
import { Linear, type Module, rooted } from '../nn';
import type { Network } from './model';

export interface LoraOptions {
  /** Columns of A and rows of B. */
  readonly rank: number;
  /** The adapter counts α / rank (α / √rank with `rslora`). */
  readonly alpha: number;
  readonly rslora?: boolean;
  /** Globs over the tree's paths; only linear layers are adapted. */
  readonly targets: readonly string[];
}

/**
 * Low-rank adaptation (Hu et al. 2021, arXiv 2106.09685): puts adapters beside the linear layers that the targets name. As B
 * begins with zeros, the model gives what it gave before, to the byte.
 * @returns the paths of the adapted layers, in the order of the tree.
 * @throws ThawError `config.invalid` where the targets name no linear layer.
 */
export function addLora(model: Network, { rank, alpha, rslora = false, targets }: LoraOptions): string[] {
  const found = [...linears(model.root)].filter(({ path }) => targets.some((glob) => matches(glob, path)));
  if (found.length === 0)
    throw new ThawError(
      'config.invalid',
      l10n.t('No linear layer is named by {0}.', targets.map((glob) => `"${glob}"`).join(', ')),
      l10n.t('"thaw layers MODEL" lists the names; "**" stands for any number of parts, as in "blocks.6.**".'),
    );
  for (const layer of found) {
    layer.adapt({ rank, scale: alpha / (rslora ? Math.sqrt(rank) : rank) });
    rooted(layer, layer.path);
  }
  return found.map(({ path }) => path);
}

function* linears(module: Module): Generator<Linear> {
  if (module instanceof Linear) {
    yield module;
    return;
  }
  for (const [, child] of module.children) yield* linears(child);
}
