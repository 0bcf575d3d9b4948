import * as l10n from '@vscode/l10n';
import { useEffect } from 'preact/hooks';
import type { Prediction } from '../../src/protocol/report';
import { isTexts } from '../../src/protocol/tasks';
import { picked } from '../data/picked';
import { number } from '../format';
import { post } from '../host';
import { Link } from '../parts/controls';
import { goTo } from '../parts/region';
import { Thumbnail } from '../parts/thumbnail';
import { runTask, thumbnails, view } from '../session';
import { usePulse } from '../store';
import { Quotes } from './texts';

const shownAtOnce = 10;

interface CellProps {
  label: string;
  predicted: string;
  count: number;
  examples: readonly Prediction[];
}

/** What lies behind a cell of the confusion matrix. */
export function CellExamples({ label, predicted, count, examples }: CellProps) {
  const shown = examples.slice(0, shownAtOnce);
  const ofTexts = isTexts(runTask());
  const title = label === predicted ? l10n.t('{0} recognised', label) : l10n.t('{0} taken for {1}', label, predicted);
  const showInData = () => {
    view.patch({ split: 'all', klass: null });
    picked.patch({ only: { title, paths: new Set(examples.map((p) => p.path)) }, path: examples[0]?.path ?? null });
    goTo('Data');
  };
  return (
    <div>
      <h3 aria-live="polite">
        {title} <span class="count">{number(count)}</span>
      </h3>
      {ofTexts ? <Quotes examples={shown} /> : <Pictures shown={shown} />}
      {examples.length > 0 && (
        <p class="dim small">
          {shown.length < count && `${l10n.t('{0} of {1} shown', number(shown.length), number(count))} · `}
          <Link onClick={showInData}>{l10n.t('Show in Data')}</Link>
        </p>
      )}
    </div>
  );
}

function Pictures({ shown }: { shown: readonly Prediction[] }) {
  usePulse(thumbnails.pulse, 50);
  useEffect(
    () =>
      thumbnails.want(
        'cell',
        shown.map((p) => p.path),
      ),
    [shown.map((p) => p.path).join('\n')],
  );
  useEffect(() => () => thumbnails.want('cell', []), []);
  return (
    <div class="strip">
      {shown.map((p) => (
        <button
          key={p.path}
          type="button"
          class="thumb"
          title={p.path}
          aria-label={l10n.t('Open {0}', p.path)}
          onClick={() => post({ type: 'openFile', path: p.path })}
        >
          <Thumbnail path={p.path} />
        </button>
      ))}
    </div>
  );
}
