import * as l10n from '@vscode/l10n';
import { useEffect } from 'preact/hooks';
import type { Prediction } from '../../src/protocol/report';
import { percent } from '../format';
import { post } from '../host';
import { Link, Rich } from '../parts/controls';
import { Thumbnail } from '../parts/thumbnail';
import { thumbnails } from '../session';
import { usePulse } from '../store';

/** Where the model erred and was sure of it: often the label is the mistake. */
export function Mistakes({ mistakes }: { mistakes: readonly Prediction[] }) {
  usePulse(thumbnails.pulse, 50);
  useEffect(
    () =>
      thumbnails.want(
        'mistakes',
        mistakes.map((p) => p.path),
      ),
    [mistakes],
  );
  useEffect(() => () => thumbnails.want('mistakes', []), []);
  return (
    <>
      <h3>{l10n.t('Surest mistakes')}</h3>
      <ul class="mistakes">
        {mistakes.map((p) => (
          <li key={p.path}>
            <span class="thumb">
              <Thumbnail path={p.path} />
            </span>
            <span class="mistake-words">
              <Rich sentence={l10n.t('{0} taken for {1}')} parts={[<strong>{p.label}</strong>, <strong>{p.predicted}</strong>]} />
              <br />
              <span class="dim">
                <Rich sentence={l10n.t('{0} sure')} parts={[<span class="num">{percent(p.probability, 0)}</span>]} />
              </span>
              <br />
              <Link onClick={() => post({ type: 'openFile', path: p.path })}>{p.path}</Link>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
