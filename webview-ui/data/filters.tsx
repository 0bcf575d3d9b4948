import * as l10n from '@vscode/l10n';
import type { DataSummary } from '../../src/protocol/data';
import { number } from '../format';
import { splitOrder } from '../logic/examples';
import { Icon } from '../parts/icon';
import { view } from '../session';
import { useStore } from '../store';
import { splitWord } from './classBars';
import { picked } from './picked';

/** Chips filter by split and are the key of the bars; a list filters by class. */
export function Filters({ summary }: { summary: DataSummary }) {
  const split = useStore(view, (v) => v.split);
  const klass = useStore(view, (v) => v.klass);
  const only = useStore(picked, (p) => p.only);
  const total = summary.classes.reduce((sum, c) => sum + c.count, 0);
  const there = splitOrder.filter((s) => summary.splits[s]);
  return (
    <div class="toolbar">
      <div class="chips" role="group" aria-label={l10n.t('Split')}>
        <button type="button" class="chip" aria-pressed={split === 'all'} onClick={() => view.patch({ split: 'all' })}>
          {l10n.t('All')}
          <span class="num">{number(total)}</span>
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
            title={l10n.t('Show all pictures again')}
            onClick={() => picked.patch({ only: null })}
          >
            {only.title}
            <span class="num">{number(only.paths.size)}</span>
            <Icon name="close" kind="small" />
          </button>
        )}
      </div>
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
    </div>
  );
}
