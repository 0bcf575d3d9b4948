import type { Preset } from '../../protocol/runConfig';
import { presetNames } from '../../protocol/runConfig';
import { defaultLoraTargets } from '../models/lora';
import type { Network } from '../models/model';
import { type Module, tensorsOf } from '../nn';
import { headRules } from './head';
import { loraRules } from './lora';

/** How many blocks below the head the preset "top" lets learn. */
const topBlocks = 2;

/**
 * The rules that a preset stands for: `head` the classifier alone (none where the model has no separate one), `top` the last
 * two blocks and all that follows them, `all` every layer, `lora` the adapters (which the model must have) and the classifier.
 */
export function presetRules(model: Network, preset: Preset): string[] {
  switch (preset) {
    case 'head':
      return headRules(model);
    case 'top':
      return topRules(model);
    case 'all':
      return ['**'];
    case 'lora':
      return loraRules(model);
  }
}

function topRules(model: Network): string[] {
  const first = model.blocks.at(-topBlocks);
  const from = model.chain.findIndex((link) => partsOf(link).some(({ path }) => path === first));
  const learning = model.chain
    .slice(Math.max(0, from))
    .flatMap(partsOf)
    .filter((module) => !tensorsOf(module).next().done);
  return learning.map(({ path }) => `${path}.**`);
}

/** What of the tree a link of the chain stands for: itself, or several modules where it has no place of its own. */
function partsOf(link: Module): Module[] {
  return link.path === '' ? link.children.map(([, child]) => child) : [link];
}

/** All presets that let something learn, in the order in which they are shown; `lora` for a model that can have adapters. */
export function presetsOf(model: Network): { name: Preset; rules: string[] }[] {
  const hasPlaces = defaultLoraTargets(model).length > 0;
  const presets = presetNames.filter((name) => name !== 'lora' || hasPlaces).map((name) => ({ name, rules: presetRules(model, name) }));
  return presets.filter(({ rules }) => rules.length > 0);
}
