import * as l10n from '@vscode/l10n';
import { useEffect, useMemo } from 'preact/hooks';
import type { RowFilter } from '../../src/protocol/data';
import type { Prediction } from '../../src/protocol/report';
import { allRows } from '../../src/protocol/rows';
import { number, percent } from '../format';
import { post } from '../host';
import { isReadable, oneLine, rowName } from '../logic/shownText';
import { Bone, Link, Rich } from '../parts/controls';
import { textPages } from '../session';
import { usePulse } from '../store';

/** The texts of rows, by name; undefined as long as they have not come, null where there is none of that name any more. */
function useTexts(who: string, names: readonly string[]): (where: string) => string | null | undefined {
  usePulse(textPages.pulse, 50);
  const filter = useMemo<RowFilter>(() => ({ ...allRows, only: [...names] }), [names.join('\n')]);
  useEffect(() => {
    if (names.length > 0) textPages.want(who, filter, 0, names.length);
    return () => textPages.leave(who);
  }, [filter]);
  const found = new Map<string, string>();
  for (let i = 0; i < names.length; i++) {
    const row = textPages.row(filter, i);
    if (row) found.set(row.where, row.fields.map(oneLine).join(' · '));
  }
  const isKnown = textPages.total(filter) !== undefined || textPages.failure(filter) !== undefined;
  return (where) => found.get(where) ?? (isKnown ? null : undefined);
}

/** A text in one line; the row's name where its text is gone. */
function Quote({ text, where }: { text: string | null | undefined; where: string }) {
  if (text === undefined) return <Bone width="70%" height={10} />;
  return (
    <bdi class="quote" title={text ?? where}>
      {text ?? where}
    </bdi>
  );
}

function RowLink({ where }: { where: string }) {
  const name = rowName(where);
  const words = typeof name === 'number' ? l10n.t('row {0}', number(name)) : name;
  return isReadable(where) ? <Link onClick={() => post({ type: 'openFile', path: where })}>{words}</Link> : <span>{words}</span>;
}

/** The texts behind a cell of the confusion matrix. */
export function Quotes({ examples }: { examples: readonly Prediction[] }) {
  const textOf = useTexts(
    'cell',
    examples.map((p) => p.path),
  );
  return (
    <ul class="quotes">
      {examples.map(({ path }) => (
        <li key={path}>
          <Quote text={textOf(path)} where={path} />
          <span class="dim small">
            <RowLink where={path} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Where the model erred and was sure of it: often the label is the mistake. */
export function TextMistakes({ mistakes }: { mistakes: readonly Prediction[] }) {
  const textOf = useTexts(
    'mistakes',
    mistakes.map((p) => p.path),
  );
  return (
    <>
      <h3>{l10n.t('Surest mistakes')}</h3>
      <ul class="text-mistakes">
        {mistakes.map((p) => (
          <li key={p.path}>
            <Quote text={textOf(p.path)} where={p.path} />
            <span class="mistake-words">
              <Rich sentence={l10n.t('{0} taken for {1}')} parts={[<strong>{p.label}</strong>, <strong>{p.predicted}</strong>]} />
            </span>
            <span class="dim num">
              <Rich sentence={l10n.t('{0} sure')} parts={[percent(p.probability, 0)]} />
            </span>
            <RowLink where={p.path} />
          </li>
        ))}
      </ul>
    </>
  );
}
