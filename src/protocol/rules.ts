/**
 * Which parameters learn, as an ordered list of globs over parameter names: the last rule that matches decides,
 * a leading `!` freezes, and what no rule matches is frozen. `*` stands for one dotted segment or a part of it,
 * `**` for any number of segments, none included: `blocks.6.**` matches `blocks.6` and all below it.
 */
export type Rules = readonly string[];

const compiled = new Map<string, RegExp>();

function expression(glob: string): RegExp {
  let found = compiled.get(glob);
  if (!found) {
    const segments = glob.split('.').map((s) => (s === '**' ? '**' : s.replace(/[\\^$+?()[\]{}|]/g, '\\$&').replaceAll('*', '[^.]*')));
    let source = '';
    segments.forEach((segment, i) => {
      if (segment === '**') source += i === 0 ? '(?:[^.]+(?:\\.|$))*' : '(?:\\.[^.]+)*';
      else source += i === 0 || (segments[i - 1] === '**' && i === 1) ? segment : `\\.${segment}`;
    });
    found = new RegExp(`^${source}$`);
    compiled.set(glob, found);
  }
  return found;
}

/** Whether a glob (without `!`) matches a dotted name. */
export function matches(glob: string, name: string): boolean {
  return expression(glob).test(name);
}

/** Whether the parameter of that name learns under the rules. */
export function learns(rules: Rules, name: string): boolean {
  for (let i = rules.length - 1; i >= 0; i--) {
    const rule = rules[i] as string;
    const freezes = rule.startsWith('!');
    if (matches(freezes ? rule.slice(1) : rule, name)) return !freezes;
  }
  return false;
}

/**
 * The rules after a person ticked (`on`) or cleared the box of the node at `path` ('' for the root); earlier rules at or
 * below it are dropped, as the new one decides for them.
 */
export function toggled(rules: Rules, path: string, on: boolean): string[] {
  const glob = path === '' ? '**' : `${path}.**`;
  const kept = path === '' ? [] : rules.filter((rule) => !`${rule.replace(/^!/, '')}.`.startsWith(`${path}.`));
  return [...kept, on ? glob : `!${glob}`];
}
