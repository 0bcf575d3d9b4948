import * as l10n from '@vscode/l10n';
import { optionalRoles } from '../../../protocol/columns';
import type { ColumnMap, ColumnRole, TextTask } from '../../../protocol/data';
import { ThawError } from '../../../protocol/failure';
import { splitNamed } from '../discover';
import { knownNames, pairNames, sourceTargetNames } from './columnNames';
import { cellAt, cellText, messagesFrom } from './examples';
import { isNumber } from './header';
import type { Table } from './table';

/** What is learned from a table, and what each column is for. */
export interface TextPlan {
  readonly task: TextTask;
  readonly columns: ColumnMap;
}

/** What a person has said of it; the rest is found out. */
export interface PlanOptions {
  readonly task?: TextTask;
  readonly columns?: ColumnMap;
}

/** What the first rows show of a column. */
interface Look {
  readonly name: string;
  readonly lower: string;
  /** `values`: a few that recur, or numbers; `texts`: the rest; `object`: neither. */
  readonly kind: 'values' | 'texts' | 'messages' | 'object' | 'empty';
  readonly meanLength: number;
}

const needed: Record<TextTask, readonly ColumnRole[]> = {
  'text-classification': ['text', 'label'],
  'text-pair-classification': ['text', 'secondText', 'label'],
  'causal-lm': ['text'],
  chat: ['instruction', 'output'],
  'text-to-text': ['source', 'target'],
};

/** Columns of a table, with members of objects as columns of their own. */
export function columnsOf({ columns, head }: Pick<Table, 'columns' | 'head'>): string[] {
  return columns.flatMap((name) => {
    const value = head[0]?.cells[name];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [name];
    const members = Object.entries(value).filter(([, inner]) => typeof inner === 'string');
    return members.length > 0 ? members.map(([inner]) => `${name}.${inner}`) : [name];
  });
}

/**
 * Finds the task of a table and the columns it needs, by their names and by what is in them; what is given goes before.
 * @throws ThawError `config.invalid` for a column that is not there · `data.unsupported` where nothing fits
 */
export function planOf(table: Pick<Table, 'columns' | 'head' | 'path'>, { task: wanted, columns: given = {} }: PlanOptions): TextPlan {
  const looks = columnsOf(table).map((name) => lookAt(name, table.head));
  const names = looks.map(({ name }) => name);
  for (const [role, name] of Object.entries(given) as [ColumnRole, string][])
    if (!names.includes(name) && !(name === '' && optionalRoles.includes(role))) throw noColumn(table.path, name, names);
  const taken = new Set(Object.values(given));
  const free = looks.filter(({ name }) => !taken.has(name));
  const found = detect(looks, given);
  const task = wanted ?? impliedBy(given) ?? found?.task;
  if (!task) throw unsupported(table.path, names);
  const guessed: ColumnMap = found?.task === task ? found.columns : guess(task, free);
  const columns: ColumnMap = { ...withSplit(free, table), ...guessed, ...given };
  // A column plays one part: what was given for another is not guessed for this one.
  for (const [role, name] of Object.entries(guessed) as [ColumnRole, string][])
    if (given[role] === undefined && taken.has(name)) delete columns[role];
  for (const role of optionalRoles) if (columns[role] === '') delete columns[role];
  for (const role of needed[task]) {
    if (columns[role] !== undefined || (task === 'chat' && columns.messages !== undefined)) continue;
    const other = guess(
      task,
      looks.filter(({ name }) => !Object.values(columns).includes(name)),
    )[role];
    if (other === undefined) throw lacks(table.path, task, role, names);
    columns[role] = other;
  }
  return { task, columns };
}

function withSplit(looks: readonly Look[], { head }: Pick<Table, 'head'>): ColumnMap {
  const named = looks.find(({ lower }) => knownNames.split.includes(lower));
  if (!named || !head.every(({ cells }) => splitNamed(cellText(cellAt(cells, named.name)).trim()))) return {};
  return { split: named.name };
}

function impliedBy(given: ColumnMap): TextTask | undefined {
  if (given.messages || given.instruction || given.output) return 'chat';
  if (given.source || given.target) return 'text-to-text';
  if (given.secondText) return 'text-pair-classification';
  return given.label ? 'text-classification' : undefined;
}

/** The first of the tasks that the columns speak for. */
function detect(looks: readonly Look[], given: ColumnMap): TextPlan | undefined {
  const messages = looks.find(({ kind }) => kind === 'messages');
  if (messages) return { task: 'chat', columns: { messages: messages.name } };
  const pair = pairOf(looks);
  const label = given.label ?? labelOf(looks, pair?.map(({ name }) => name) ?? [])?.name;
  if (pair && label !== undefined)
    return { task: 'text-pair-classification', columns: { text: pair[0].name, secondText: pair[1].name, label } };
  const instructed = guess('chat', looks);
  const isTexts = (name?: string) => looks.some((look) => look.name === name && look.kind === 'texts');
  if (instructed.instruction && instructed.output && (instructed.instruction.toLowerCase() === 'instruction' || isTexts(instructed.output)))
    return { task: 'chat', columns: instructed };
  const related = sourceTargetOf(looks);
  if (related) return { task: 'text-to-text', columns: { source: related[0].name, target: related[1].name } };
  const texts = looks.filter(({ kind }) => kind === 'texts');
  if (label !== undefined) {
    const text = textOf(looks.filter(({ name }) => name !== label));
    if (text) return { task: 'text-classification', columns: { text: text.name, label } };
  }
  if (texts.length === 2 && looks.length === 2)
    return { task: 'text-to-text', columns: { source: (texts[0] as Look).name, target: (texts[1] as Look).name } };
  const text = textOf(texts);
  return text && { task: 'causal-lm', columns: { text: text.name } };
}

/** Columns for a task whatever the table looks like. */
function guess(task: TextTask, looks: readonly Look[]): ColumnMap {
  const byNames = (role: Exclude<ColumnRole, 'secondText'>, but: (string | undefined)[] = []) => {
    for (const name of knownNames[role]) {
      const look = looks.find(({ lower, name: own }) => lower === name && !but.includes(own));
      if (look) return look.name;
    }
    return undefined;
  };
  switch (task) {
    case 'text-classification': {
      const label = labelOf(looks, [])?.name;
      return clean({ label, text: textOf(looks.filter(({ name }) => name !== label))?.name });
    }
    case 'text-pair-classification': {
      const texts = pairOf(looks) ?? looks.filter(({ kind }) => kind === 'texts');
      const [first, second] = texts.map(({ name }) => name);
      return clean({ text: first, secondText: second, label: labelOf(looks, [first ?? '', second ?? ''])?.name });
    }
    case 'causal-lm':
      return clean({ text: textOf(looks)?.name });
    case 'chat': {
      const instruction = byNames('instruction');
      const output = byNames('output', [instruction]);
      return clean({ instruction, output, input: instruction && output ? byNames('input', [instruction, output]) : undefined });
    }
    case 'text-to-text': {
      const related = sourceTargetOf(looks);
      if (related) return { source: related[0].name, target: related[1].name };
      const source = byNames('source') ?? looks.find(({ kind }) => kind === 'texts')?.name;
      return clean({ source, target: byNames('target', [source]) ?? looks.find((l) => l.kind === 'texts' && l.name !== source)?.name });
    }
  }
}

const clean = (columns: { [K in ColumnRole]?: string | undefined }): ColumnMap =>
  Object.fromEntries(Object.entries(columns).filter(([, name]) => name !== undefined));

function labelOf(looks: readonly Look[], but: readonly string[]): Look | undefined {
  const values = looks.filter(({ kind, name, lower }) => kind === 'values' && !but.includes(name) && !knownNames.split.includes(lower));
  for (const known of knownNames.label) {
    const look = values.find(({ lower }) => lower === known);
    if (look) return look;
  }
  return values.find(({ lower }) => !/^(id|idx|index|.*_id|unnamed.*)$/.test(lower));
}

/** The text among columns: by name, else the longest. */
function textOf(looks: readonly Look[]): Look | undefined {
  const texts = looks.filter(({ kind }) => kind === 'texts');
  const pool = texts.length > 0 ? texts : looks.filter(({ kind }) => kind === 'values');
  for (const known of knownNames.text) {
    const look = pool.find(({ lower }) => lower === known);
    if (look) return look;
  }
  return [...pool].sort((a, b) => b.meanLength - a.meanLength)[0];
}

function pairOf(looks: readonly Look[]): [Look, Look] | undefined {
  for (const [first, second] of pairNames) {
    const [a, b] = [looks.find(({ lower }) => lower === first), looks.find(({ lower }) => lower === second)];
    if (a && b) return [a, b];
  }
  // Any name that ends in 1 beside the same that ends in 2.
  for (const a of looks) {
    const stem = /^(.+?)[_ -]?(1|a|left)$/.exec(a.lower);
    if (!stem) continue;
    const after = { 1: '2', a: 'b', left: 'right' }[stem[2] as '1' | 'a' | 'left'];
    const b = looks.find(({ lower }) => lower === a.lower.slice(0, -(stem[2] as string).length) + after);
    if (b && a.kind === 'texts' && b.kind === 'texts') return [a, b];
  }
  return undefined;
}

function sourceTargetOf(looks: readonly Look[]): [Look, Look] | undefined {
  const texts = looks.filter(({ kind }) => kind === 'texts');
  for (const [first, second] of sourceTargetNames) {
    const [a, b] = [texts.find(({ lower }) => lower === first), texts.find(({ lower }) => lower === second)];
    if (a && b) return [a, b];
  }
  const languages = texts.filter(({ lower }) => /^(.*\.)?[a-z]{2}(_[a-z]{2})?$/.test(lower) && !/^(id|no)$/.test(lower));
  return languages.length === 2 ? [languages[0] as Look, languages[1] as Look] : undefined;
}

function lookAt(name: string, head: Table['head']): Look {
  const cells = head.map(({ cells }) => cellAt(cells, name)).filter((value) => value !== null && value !== undefined && value !== '');
  const look = (kind: Look['kind'], meanLength = 0): Look => ({ name, lower: name.toLowerCase(), kind, meanLength });
  if (cells.length === 0) return look('empty');
  if (cells.every((value) => messagesFrom(value) !== null)) return look('messages');
  const texts = cells.map(cellText).filter((text) => text.trim() !== '');
  if (texts.length < cells.length / 2) return look('object');
  const distinct = new Set(texts.map((text) => text.trim())).size;
  const meanLength = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  const recur = distinct <= Math.max(2, texts.length / 4) || (texts.length < 20 && distinct <= texts.length / 2);
  const values = texts.every((text) => isNumber(text.trim())) || (recur && meanLength <= 48 && distinct < texts.length);
  return look(values ? 'values' : 'texts', meanLength);
}

const listed = (names: readonly string[]) => names.slice(0, 20).join(', ') || l10n.t('none');

function noColumn(path: string, name: string, names: readonly string[]): ThawError {
  return new ThawError('config.invalid', l10n.t('{0} has no column {1}.', path, name), l10n.t('Its columns: {0}.', listed(names)), {
    path,
  });
}

function unsupported(path: string, names: readonly string[]): ThawError {
  return new ThawError(
    'data.unsupported',
    l10n.t('{0} has no column of texts. Its columns: {1}.', path, listed(names)),
    l10n.t(
      'Give it a column of texts, and one of labels where classes are to be told apart (in the terminal, --text-column and --label-column name them).',
    ),
    { path, misfit: { kind: 'noTexts' } },
  );
}

const flags: Record<ColumnRole, string> = {
  text: '--text-column',
  secondText: '--second-column',
  label: '--label-column',
  source: '--source-column',
  target: '--target-column',
  instruction: '--instruction-column',
  input: '--input-column',
  output: '--output-column',
  messages: '--messages-column',
  split: '--split-column',
};

function lacks(path: string, task: TextTask, role: ColumnRole, names: readonly string[]): ThawError {
  return new ThawError(
    'config.invalid',
    l10n.t('{0} has no column that could be the {1} of the task {2}.', path, role, task),
    l10n.t('Choose a column for it (in the terminal with {0}), or another task. The columns: {1}.', flags[role], listed(names)),
    { path, misfit: { kind: 'noColumn', task, role } },
  );
}
