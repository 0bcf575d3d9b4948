import * as l10n from '@vscode/l10n';
import { useState } from 'preact/hooks';
import { columnsIn, optionalRoles, rolesOf } from '../../src/protocol/columns';
import type { ColumnMap, ColumnRole, DataSummary, TextTask } from '../../src/protocol/data';
import { isTexts, textTasks } from '../../src/protocol/tasks';
import { roleWord, taskWord } from '../columnWords';
import { post } from '../host';
import { withRole } from '../logic/columns';
import { Button, Select } from '../parts/controls';
import { FailureBox } from '../parts/failureBox';
import { Icon } from '../parts/icon';
import { isGoingOn, panel } from '../session';
import { useStore } from '../store';

/** What is learned, and from which columns: found from the data, and changed here. */
export function Columns({ summary }: { summary: DataSummary }) {
  const [open, setOpen] = useState(false);
  const { task } = summary;
  if (!isTexts(task) || (summary.columns ?? []).length === 0) return null;
  const columns = columnsIn(summary);
  const used = rolesOf[task].flatMap((role) => (!columns[role] ? [] : [`${roleWord(role)}: ${columns[role]}`]));
  return (
    <div class="columns">
      <button type="button" class="fold quiet" aria-expanded={open} aria-controls="columns" onClick={() => setOpen(!open)}>
        <Icon name="chevron" kind="twistie" />
        {taskWord(task)}
        <span class="dim columns-used">
          <bdi>{used.join(' · ')}</bdi>
        </span>
      </button>
      {open && <ColumnForm task={task} summary={summary} />}
    </div>
  );
}

const say = (task: TextTask, columns: ColumnMap) => post({ type: 'columns', task, columns });

/** The choice in force; or one that did not fit, to be mended or taken back, while the one in force stands above. */
function ColumnForm({ task: inForce, summary }: { task: TextTask; summary: DataSummary }) {
  const fixed = useStore(panel, (s) => isGoingOn(s.phase));
  const refusal = useStore(panel, (s) => (isGoingOn(s.phase) ? null : s.refusal));
  const { task, columns } = refusal ?? { task: inForce, columns: columnsIn(summary) };
  const none = (role: ColumnRole) => (refusal && !optionalRoles.includes(role) ? l10n.t('Not chosen') : l10n.t('None'));
  return (
    <div id="columns">
      <div class="form">
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
              ...(columns[role] && !optionalRoles.includes(role) ? [] : [['', none(role)] as const]),
              ...(summary.columns ?? []).map(({ name }) => [name, name] as const),
            ]}
            fixed={fixed}
            onChange={(name) => say(task, withRole(columns, role, name))}
          />
        ))}
      </div>
      {refusal && (
        <FailureBox
          failure={refusal.failure}
          heading={l10n.t('This choice doesn’t fit the data')}
          also={l10n.t('Until one fits, the one before stays: {0}.', taskWord(inForce))}
        >
          <Button label={l10n.t('Leave it as it was')} onClick={() => say(inForce, columnsIn(summary))} />
        </FailureBox>
      )}
    </div>
  );
}
