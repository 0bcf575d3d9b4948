import * as l10n from '@vscode/l10n';
import { optionalRoles } from '../protocol/columns';
import { type ColumnMap, type ColumnRole, type TextTask, textTaskSchema, textTasks } from '../protocol/data';
import { ThawError } from '../protocol/failure';

/** What a person says of texts, as it was typed. */
export interface TextFlags {
  task?: string;
  textColumn?: string;
  secondColumn?: string;
  labelColumn?: string;
  sourceColumn?: string;
  targetColumn?: string;
  instructionColumn?: string;
  inputColumn?: string;
  outputColumn?: string;
  messagesColumn?: string;
  splitColumn?: string;
}

/** @throws ThawError `config.invalid` */
export function taskFrom(flag: string | undefined): TextTask | undefined {
  if (flag === undefined) return undefined;
  const task = textTaskSchema.safeParse(flag);
  if (task.success) return task.data;
  throw new ThawError(
    'config.invalid',
    l10n.t('--task: there is no "{0}", there is {1}', flag, textTasks.join(', ')),
    'thaw inspect --help',
  );
}

export function columnsFrom(flags: TextFlags): ColumnMap {
  const columns: ColumnMap = {
    text: flags.textColumn,
    secondText: flags.secondColumn,
    label: flags.labelColumn,
    source: flags.sourceColumn,
    target: flags.targetColumn,
    instruction: flags.instructionColumn,
    input: flags.inputColumn,
    output: flags.outputColumn,
    messages: flags.messagesColumn,
    split: flags.splitColumn,
  };
  const given = Object.entries(columns).filter((entry): entry is [ColumnRole, string] => entry[1] !== undefined);
  return Object.fromEntries(given.map(([role, name]) => [role, columnNamed(role, name)]));
}

/** The name of a column as it was typed; '' for `none` where none is needed. */
export function columnNamed(role: ColumnRole, name: string): string {
  return name === 'none' && optionalRoles.includes(role) ? '' : name;
}
