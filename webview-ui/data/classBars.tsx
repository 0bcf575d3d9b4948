import * as l10n from '@vscode/l10n';
import { useState } from 'preact/hooks';
import type { DataSummary, Split } from '../../src/protocol/data';
import { number } from '../format';
import { splitOrder } from '../logic/examples';
import { Link, share, sizes } from '../parts/controls';
import { view } from '../session';
import { useStore } from '../store';

/** Above this only the largest classes are shown at first. */
const few = 8;

export function splitWord(split: Split): string {
  switch (split) {
    case 'train':
      return l10n.t('train');
    case 'validation':
      return l10n.t('validation');
    case 'test':
      return l10n.t('test');
  }
}

/** How many examples each class has, in which splits; a click shows that class alone. */
export function ClassBars({ summary }: { summary: DataSummary }) {
  const [all, setAll] = useState(false);
  const chosen = useStore(view, (v) => v.klass);
  const split = useStore(view, (v) => v.split);
  const largest = Math.max(1, ...summary.classes.map((c) => c.count));
  const order = summary.classes.map((_, i) => i);
  const many = order.length > few;
  const shown = many && !all ? order.sort((a, b) => summary.classes[b]!.count - summary.classes[a]!.count).slice(0, few) : order;
  return (
    <>
      <div class="bars" role="group" aria-label={l10n.t('Examples in each class')}>
        {shown.map((i) => {
          const { name, count } = summary.classes[i]!;
          const parts = splitOrder.flatMap((s) => {
            const k = summary.splits[s]?.classes[i] ?? 0;
            return k > 0 ? [{ split: s, count: k }] : [];
          });
          return (
            <button
              key={name}
              type="button"
              class="bar-row"
              aria-pressed={chosen === name}
              title={[name, ...parts.map((p) => `${splitWord(p.split)} ${number(p.count)}`)].join(' · ')}
              onClick={() => view.patch({ klass: chosen === name ? null : name })}
            >
              <span class="bar-name">{name}</span>
              <span class="bar-track">
                {parts.length === 0 && <i class="part train" style={sizes({ v: share(count, largest) })} />}
                {parts.map((p) => (
                  <i
                    key={p.split}
                    class={`part ${p.split} ${split !== 'all' && split !== p.split ? 'off' : ''}`}
                    style={sizes({ v: share(p.count, largest) })}
                  />
                ))}
              </span>
              <span class="num">{number(count)}</span>
            </button>
          );
        })}
      </div>
      {many && (
        <p class="more">
          <Link onClick={() => setAll(!all)}>
            {all ? l10n.t('Show the largest only') : l10n.t('Show all {0} classes', number(order.length))}
          </Link>
        </p>
      )}
    </>
  );
}
