import * as l10n from '@vscode/l10n';
import { useEffect, useState } from 'preact/hooks';
import type { DataSummary } from '../../src/protocol/data';
import { isTexts } from '../../src/protocol/tasks';
import { number } from '../format';
import { countOf, splitOrder } from '../logic/examples';
import { Icon } from '../parts/icon';
import { view } from '../session';
import { useStore } from '../store';
import { splitWord } from './classBars';
import { picked } from './picked';

/** Milliseconds after the last letter typed. */
const typingMs = 250;

/** Chips filter by split and are the key of the bars; a list filters by class. */
export function Filters({ summary }: { summary: DataSummary }) {
  const split = useStore(view, (v) => v.split);
  const only = useStore(picked, (p) => p.only);
  const ofTexts = isTexts(summary.task);
  const there = splitOrder.filter((s) => summary.splits[s]);
  return (
    <div class="toolbar">
      <div class="chips" role="group" aria-label={l10n.t('Split')}>
        <button type="button" class="chip" aria-pressed={split === 'all'} onClick={() => view.patch({ split: 'all' })}>
          {l10n.t('All')}
          <span class="num">{number(countOf(summary))}</span>
        </button>
        {there.map((s) => (
          <button
            key={s}
            type="button"
            class="chip"
            aria-pressed={split === s}
            onClick={() => view.patch({ split: split === s ? 'all' : s })}
          >
            <i class={`swatch ${s}`} />
            {splitWord(s)}
            <span class="num">{number(summary.splits[s]?.count ?? 0)}</span>
            {s === 'test' && <Icon name="lock" kind="small" label={l10n.t('locked until the end')} />}
          </button>
        ))}
        {only && (
          <button
            type="button"
            class="chip"
            aria-pressed={true}
            title={ofTexts ? l10n.t('Show all texts again') : l10n.t('Show all pictures again')}
            onClick={() => picked.patch({ only: null })}
          >
            {only.title}
            <span class="num">{number(only.paths.size)}</span>
            <Icon name="close" kind="small" />
          </button>
        )}
      </div>
      {ofTexts && <Search />}
      {summary.classes.length > 0 && <ClassSelect summary={summary} />}
    </div>
  );
}

function ClassSelect({ summary }: { summary: DataSummary }) {
  const klass = useStore(view, (v) => v.klass);
  return (
    <label class="inline">
      <span class="sr">{l10n.t('Class')}</span>
      <select class="select" value={klass ?? ''} onChange={(event) => view.patch({ klass: event.currentTarget.value || null })}>
        <option value="">{l10n.t('All classes')}</option>
        {summary.classes.map((c) => (
          <option key={c.name} value={c.name}>
            {c.name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Words of the texts, sought when no more are typed for a moment. */
function Search() {
  const sought = useStore(picked, (p) => p.search);
  const [text, setText] = useState(sought);
  useEffect(() => {
    if (text === sought) return;
    const timer = setTimeout(() => picked.patch({ search: text }), typingMs);
    return () => clearTimeout(timer);
  }, [text, sought]);
  return (
    <label class="field search">
      <span class="sr">{l10n.t('Search texts')}</span>
      <Icon name="search" />
      <input
        type="text"
        class="input"
        placeholder={l10n.t('Search texts')}
        value={text}
        maxLength={200}
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}
