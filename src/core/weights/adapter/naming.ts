import type { TextModel } from '../../models/text';
import { tensorsOf } from '../../nn';
import type { Rename } from '../transformers/type';
import type { Placing } from './fit';

/** How the base calls what we have in our tree, as its own library has it in memory: that is what PEFT names adapters by. */
export interface Naming {
  readonly placing: Placing;
  /** Our tensor's names in the base, one for each part. */
  namesOf(name: string): readonly string[];
}

/** For a network that has our names: timm's, and all of texts. */
export const ownNames: Naming = { placing: (name) => ({ name, part: 0, of: 1 }), namesOf: (name) => [name] };

/** Adapters of a bare transformer lack its prefix, as its checkpoints do. */
export function textNaming(model: TextModel): Naming {
  const ours = new Map<string, string>();
  for (const { name } of tensorsOf(model.root)) {
    for (const alias of model.aliases(name)) if (!ours.has(alias)) ours.set(alias, name);
  }
  // Our names go before others' aliases.
  for (const { name } of tensorsOf(model.root)) ours.set(name, name);
  return { ...ownNames, placing: (name) => ({ name: ours.get(name) ?? name, part: 0, of: 1 }) };
}

/**
 * For a network of pictures in transformers' layout.
 * @param family ours: `vit`, `deit`
 * @param rename the file's names → ours
 * @param sources ours → the file's
 */
export function pictureNaming(family: string, rename: Rename, sources: ReadonlyMap<string, readonly string[]> = new Map()): Naming {
  return {
    placing: (name) => rename(fileName(family, name)),
    namesOf: (name) => (sources.get(name) ?? [name]).map((theirs) => memoryName(family, theirs)),
  };
}

/** transformers 5 calls the layers of ViT and DeiT otherwise in memory than in files: adapters have the names of memory. */
const vitParts: readonly (readonly [file: string, memory: string])[] = [
  ['attention.attention.query', 'attention.q_proj'],
  ['attention.attention.key', 'attention.k_proj'],
  ['attention.attention.value', 'attention.v_proj'],
  ['attention.output.dense', 'attention.o_proj'],
  ['intermediate.dense', 'mlp.fc1'],
  ['output.dense', 'mlp.fc2'],
];

function fileName(family: string, name: string): string {
  const found = /^(?:vit\.|deit\.)?layers\.(?<block>\d+)\.(?<rest>.+)\.(?<key>weight|bias)$/.exec(name)?.groups;
  const part = vitParts.find(([, memory]) => memory === found?.rest);
  return found ? `${family}.encoder.layer.${found.block}.${part?.[0] ?? found.rest}.${found.key}` : name;
}

function memoryName(family: string, name: string): string {
  const found =
    family !== 'vit' && family !== 'deit'
      ? null
      : /^(?:vit\.|deit\.)?encoder\.layer\.(?<block>\d+)\.(?<rest>.+)\.(?<key>weight|bias)$/.exec(name)?.groups;
  const part = vitParts.find(([file]) => file === found?.rest);
  return found ? `${family}.layers.${found.block}.${part?.[1] ?? found.rest}.${found.key}` : name;
}
