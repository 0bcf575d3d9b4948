import * as l10n from '@vscode/l10n';
import type { ComponentChildren } from 'preact';
import type { Failure } from '../../src/protocol/failure';
import { inTheTab } from '../columnWords';
import { post } from '../host';
import { Link } from './controls';
import { Icon } from './icon';

/** What happened, in the fewest words; `message` says the cause. */
function title({ code }: Failure): string {
  switch (code) {
    case 'engine.outOfMemory':
      return l10n.t('Training stopped: memory ran out');
    case 'training.diverged':
      return l10n.t('Training stopped: the loss ran away');
    case 'io.diskFull':
      return l10n.t('Training stopped: the disk is full');
    case 'io.permission':
      return l10n.t('Thaw may not read or write there');
    case 'io.gone':
    case 'data.missing':
    case 'run.missing':
      return l10n.t('A file or folder is no longer there');
    case 'data.empty':
    case 'data.oneClass':
    case 'data.tooFew':
    case 'data.unsupported':
    case 'data.unreadable':
    case 'data.changed':
      return l10n.t('This data can’t be learned from as it is');
    case 'model.missing':
    case 'model.unsupported':
    case 'model.corrupt':
      return l10n.t('The model can’t be used');
    case 'hub.missing':
    case 'hub.denied':
    case 'hub.unreachable':
    case 'hub.limited':
    case 'hub.corrupt':
      return l10n.t('The model can’t be had from the hub');
    case 'engine.missing':
      return l10n.t('The engine can’t be used');
    case 'engine.unsupported':
    case 'engine.failed':
      return l10n.t('The engine can’t do this');
    case 'process.died':
      return l10n.t('Training stopped: its process died');
    case 'config.invalid':
    case 'config.newer':
    case 'usage':
      return l10n.t('These settings can’t be used');
    case 'run.corrupt':
    case 'run.exists':
    case 'run.busy':
    case 'run.frozenChanged':
      return l10n.t('The run can’t go on');
    case 'interrupted':
    case 'unexpected':
      return l10n.t('Training stopped');
  }
}

interface BoxProps {
  failure: Failure;
  /** Instead of what its code says. */
  heading?: string;
  /** What else is to be said. */
  also?: string;
  children?: ComponentChildren;
}

/** Cause, file, remedy, what can be done now; the raw stack behind a fold. */
export function FailureBox({ failure, heading, also, children }: BoxProps) {
  const { detail } = failure;
  const { message, hint } = inTheTab(failure);
  const path = failure.code.startsWith('hub.') ? undefined : failure.path; // an address, which names nothing to open here
  return (
    <div class="failure" role="alert">
      <Icon name="error" kind="bad" />
      <div>
        <p class="failure-title">{heading ?? title(failure)}</p>
        <p>{message}</p>
        {path && (
          <p>
            <Link onClick={() => post({ type: 'openFile', path })}>{path}</Link>
          </p>
        )}
        <p>{hint}</p>
        {also && <p>{also}</p>}
        {children && <div class="buttons left">{children}</div>}
        {detail && (
          <details>
            <summary>
              <Icon name="chevron" kind="twistie" />
              {l10n.t('Stack')}
            </summary>
            <pre>{detail}</pre>
          </details>
        )}
      </div>
    </div>
  );
}
