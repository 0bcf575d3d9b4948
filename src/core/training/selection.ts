import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import { learns, matches, type Rules } from '../../protocol/rules';
import type { Network } from '../models/model';
import { type Module, tensorsOf } from '../nn';

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** What rules mean for a model. */
export interface Selection {
  readonly rules: Rules;
  /** Names of the parameters that learn, in the order of the checkpoint. */
  readonly learning: ReadonlySet<string>;
  /** Names of the statistics that move: those of modules of which a parameter learns. */
  readonly moving: ReadonlySet<string>;
  /** `chain[0 … cut)` is frozen throughout: what it gives for a picture never changes. */
  readonly cut: number;
  readonly parameters: number;
  readonly trainableParameters: number;
}

/**
 * Which tensors of a model learn under the rules.
 * @throws ThawError `config.invalid` where a rule matches nothing, or nothing learns.
 */
export function select(model: Network, rules: Rules): Selection {
  requireMatches(model, rules);
  const own = (module: Module) => [...tensorsOf(module)].filter((tensor) => !tensor.statistic);
  const parameters = own(model.root);
  const chosen = parameters.filter(({ name }) => learns(rules, name));
  if (chosen.length === 0)
    throw new ThawError(
      'config.invalid',
      l10n.t('No layer learns: all of them are frozen.'),
      l10n.t('Let at least one layer learn, for instance the classifier ({0}).', `${model.head}.**`),
    );
  const learning = new Set(chosen.map(({ name }) => name));
  const first = model.chain.findIndex((module) => own(module).some(({ name }) => learning.has(name)));
  return {
    rules,
    learning,
    moving: new Set(movingStatistics(model.root, learning)),
    cut: beforeNoise(model.chain, first),
    parameters: parameters.reduce((sum, { shape }) => sum + size(shape), 0),
    trainableParameters: chosen.reduce((sum, { shape }) => sum + size(shape), 0),
  };
}

/** Dropout right before the first layer that learns is part of what learns; with it whatever stands between and has no tensors. */
function beforeNoise(chain: readonly Module[], first: number): number {
  let cut = first;
  for (let i = first - 1; i >= 0 && [...tensorsOf(chain[i] as Module)].length === 0; i--) if (isNoisy(chain[i] as Module)) cut = i;
  return cut;
}

function isNoisy(module: Module): boolean {
  return module.isNoisy || module.children.some(([, child]) => isNoisy(child));
}

function* movingStatistics(module: Module, learning: ReadonlySet<string>): Generator<string> {
  if (module.tensors.some(({ key }) => learning.has(module.nameOf(key))))
    for (const { key, statistic } of module.tensors) if (statistic) yield module.nameOf(key);
  for (const [, child] of module.children) yield* movingStatistics(child, learning);
}

/** Every glob must say something about this model: a misspelt one would freeze or thaw in silence. */
function requireMatches(model: Network, rules: Rules): void {
  const names = [...namesOf(model.root)];
  const lost = rules.map((rule) => rule.replace(/^!/, '')).filter((glob) => !names.some((name) => matches(glob, name)));
  if (lost.length === 0) return;
  const lines = lost.map((glob) => l10n.t('"{0}" matches no layer. Near it: {1}.', glob, nearest(glob, names).join(', ')));
  throw new ThawError(
    'config.invalid',
    lines.join('\n'),
    l10n.t('The names are those of the layer tree; "*" stands for one part of a name, "**" for any number.'),
  );
}

/** Paths of all modules and names of all parameters. */
function* namesOf(module: Module): Generator<string> {
  if (module.path) yield module.path;
  for (const { key } of module.tensors) yield module.nameOf(key);
  for (const [, child] of module.children) yield* namesOf(child);
}

/** The three names that need the fewest edits to become the glob. */
function nearest(glob: string, names: readonly string[]): string[] {
  const bare = glob.replace(/\.?\*+/g, '');
  return names
    .map((name) => ({ name, distance: editDistance(bare, name) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
