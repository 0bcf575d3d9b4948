import { headsOf, type Network } from '../models/model';
import { tensorsOf } from '../nn';

/**
 * Rules by which what gives the answer learns: the heads, and what stands between them and the blocks. Empty where there is
 * nothing of the kind: a language model that tells words by the embeddings that it reads them with has no head of its own.
 */
export function headRules(model: Network): string[] {
  return rulesFor(model, [...(model.drawn ?? []), ...headsOf(model)]);
}

/** What beside adapters has to learn: the heads, and what begins from drawn values. */
export function newRules(model: Network): string[] {
  return rulesFor(model, [...(model.fresh ?? []), ...headsOf(model)]);
}

function rulesFor(model: Network, paths: readonly string[]): string[] {
  const names = [...tensorsOf(model.root)].filter(({ statistic }) => !statistic).map(({ name }) => name);
  return [...new Set(paths)].filter((path) => names.some((name) => name.startsWith(`${path}.`))).map((path) => `${path}.**`);
}
