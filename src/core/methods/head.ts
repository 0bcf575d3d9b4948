import { headsOf, type Network } from '../models/model';
import { tensorsOf } from '../nn';

/**
 * Rules by which what gives the answer learns: the heads, and what below them begins from drawn values. Empty where there is
 * nothing of the kind: a language model that tells words by the embeddings that it reads them with has no head of its own.
 */
export function headRules(model: Network): string[] {
  const names = [...tensorsOf(model.root)].filter(({ statistic }) => !statistic).map(({ name }) => name);
  const paths = [...new Set([...(model.fresh ?? []), ...headsOf(model)])];
  return paths.filter((path) => names.some((name) => name.startsWith(`${path}.`))).map((path) => `${path}.**`);
}
