import * as l10n from '@vscode/l10n';
import { useState } from 'preact/hooks';
import { columnsIn, optionalRoles, rolesOf } from '../../src/protocol/columns';
import type { ColumnMap, ColumnRole, DataSummary, TextTask } from '../../src/protocol/data';
import { isTexts, textTasks } from '../../src/protocol/tasks';
import { post } from '../host';
import { withRole } from '../logic/columns';
import { Select } from '../parts/controls';
import { Icon } from '../parts/icon';
import { isGoingOn, panel } from '../session';
import { useStore } from '../store';

export function taskWord(task: TextTask): string {
  switch (task) {
    case 'text-classification':
      return l10n.t('Text classification');
    case 'text-pair-classification':
      return l10n.t('Sentence pairs');
    case 'causal-lm':
      return l10n.t('Continue texts');
    case 'chat':
      return l10n.t('Instructions and chats');
    case 'text-to-text':
      return l10n.t('Text to text');
  }
}

function roleWord(role: ColumnRole): string {
  switch (role) {
    case 'text':
      return l10n.t('Text');
    case 'secondText':
      return l10n.t('Second text');
    case 'label':
      return l10n.t('Label');
    case 'source':
      return l10n.t('Source');
    case 'target':
      return l10n.t('Target');
    case 'instruction':
      return l10n.t('Instruction');
    case 'input':
      return l10n.t('Input');
    case 'output':
      return l10n.t('Answer');
    case 'messages':
      return l10n.t('Messages');
    case 'split':
      return l10n.t('Split');
  }
}

/** What is learned, and from which columns: found from the data, and changed here. */
export function Columns({ summary }: { summary: DataSummary }) {
  const [open, setOpen] = useState(false);
  const fixed = useStore(panel, (s) => isGoingOn(s.phase));
  const { task } = summary;
  const all = summary.columns ?? [];
  if (!isTexts(task) || all.length === 0) return null;
  const columns = columnsIn(summary);
  const used = rolesOf[task].flatMap((role) => (!columns[role] ? [] : [`${roleWord(role)}: ${columns[role]}`]));
  const say = (next: TextTask, map: ColumnMap) => post({ type: 'columns', task: next, columns: map });
  return (
    <div class="columns">
      <button type="button" class="fold quiet" aria-expanded={open} aria-controls="columns" onClick={() => setOpen(!open)}>
        <Icon name="chevron" kind="twistie" />
        {taskWord(task)}
        <span class="dim columns-used">
          <bdi>{used.join(' · ')}</bdi>
        </span>
      </button>
      {open && (
        <div class="form" id="columns">
          <Select
            label={l10n.t('Task')}
            value={task}
            options={textTasks.map((name) => [name, taskWord(name)] as const)}
            fixed={fixed}
            onChange={(chosen) => say(chosen, columns.split === undefined ? {} : { split: columns.split })}
          />
          {rolesOf[task].map((role) => (
            <Select
              key={role}
              label={roleWord(role)}
              value={columns[role] ?? ''}
              options={[
                ...(columns[role] && !optionalRoles.includes(role) ? [] : [['', l10n.t('None')] as const]),
                ...all.map(({ name }) => [name, name] as const),
              ]}
              fixed={fixed}
              onChange={(name) => say(task, withRole(columns, role, name))}
            />
          ))}
        </div>
      )}
    </div>
  );
}
