import * as l10n from '@vscode/l10n';
import { useState } from 'preact/hooks';
import type { Problem } from '../../src/protocol/data';
import { number } from '../format';
import { post } from '../host';
import { placeOf } from '../logic/shownText';
import { Link } from '../parts/controls';
import { Icon } from '../parts/icon';

/** Files listed under one problem; the rest is a number. */
const listed = 100;

function severityWord(severity: Problem['severity']): string {
  switch (severity) {
    case 'error':
      return l10n.t('Error');
    case 'warning':
      return l10n.t('Warning');
    case 'info':
      return l10n.t('Information');
  }
}

function ProblemLine({ problem }: { problem: Problem }) {
  const [open, setOpen] = useState(false);
  const { files, count, severity, message, meaning } = problem;
  const only = files[0];
  return (
    <li>
      <Icon name={severity} kind={severity} label={severityWord(severity)} />
      <span class="what">{message}</span>
      <span class="meaning">{meaning}</span>
      <span class="act">
        {files.length === 1 && only !== undefined && (
          <Link onClick={() => post({ type: 'openFile', path: only })}>
            {placeOf(only).line === null ? l10n.t('Open file') : l10n.t('Go to row')}
          </Link>
        )}
        {files.length > 1 && (
          <button type="button" class="link" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? l10n.t('Hide') : l10n.t('Show')}
          </button>
        )}
      </span>
      {open && (
        <ul class="files">
          {files.slice(0, listed).map((file) => (
            <li key={file}>
              <Link onClick={() => post({ type: 'openFile', path: file })}>{file}</Link>
            </li>
          ))}
          {count > listed && <li class="dim">{l10n.t('and {0} more', number(count - Math.min(listed, files.length)))}</li>}
        </ul>
      )}
    </li>
  );
}

/** What was found: what is the case, what it means and what is done about it, and where. */
export function Problems({ problems }: { problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  return (
    <>
      <h3>
        {l10n.t('Problems')} <span class="count">{number(problems.length)}</span>
      </h3>
      <ul class="problems">
        {problems.map((problem) => (
          <ProblemLine key={`${problem.code} ${problem.message}`} problem={problem} />
        ))}
      </ul>
    </>
  );
}
