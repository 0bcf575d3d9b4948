import * as l10n from '@vscode/l10n';
import { useMemo } from 'preact/hooks';
import { mood } from '../../src/protocol/layerTree';
import { number } from '../format';
import type { LayerRow } from '../logic/layerRows';
import { share, sizes } from '../parts/controls';
import { Icon } from '../parts/icon';

export interface RowProps {
  row: LayerRow;
  open: boolean;
  focusable: boolean;
  /** Lower case; what matches is marked. */
  query: string;
  /** The largest row at the top: all bars are drawn to its scale. */
  largest: number;
  /** The epoch since which it learns, where it was thawed during the run. */
  since: number | null;
}

function typeWords(row: LayerRow): string {
  return row.parts > 0 ? l10n.t('Stage of {0}', row.parts) : row.type;
}

/** What a screen reader says after the path. */
function description(row: LayerRow): string {
  const parts = [typeWords(row), l10n.t('output {0}', row.shape), l10n.t('{0} parameters', number(row.node.parameters))];
  switch (mood(row.node)) {
    case 'all':
      return [l10n.t('learns'), ...parts].join(', ');
    case 'some':
      return [l10n.t('partly frozen'), ...parts].join(', ');
    case 'none':
      return [l10n.t('frozen'), ...parts].join(', ');
  }
}

function Label({ text, query }: { text: string; query: string }) {
  const at = query ? text.toLowerCase().indexOf(query) : -1;
  return (
    <span class="label">
      {at < 0 ? (
        text
      ) : (
        <>
          {text.slice(0, at)}
          <mark>{text.slice(at, at + query.length)}</mark>
          {text.slice(at + query.length)}
        </>
      )}
    </span>
  );
}

/**
 * One layer or group. The item is the first cell alone, named by the whole path; its description says what the other
 * cells show. Events are the tree's, found by data-path: hundreds of rows need no handlers of their own.
 */
export function Row({ row, open, focusable, query, largest, since }: RowProps) {
  const { node } = row;
  const state = mood(node);
  const checked = state === 'all' ? 'true' : state === 'some' ? 'mixed' : 'false';
  const parent = row.children.length > 0;
  // The same element is given back while nothing of the row has changed, so that Preact passes it over.
  return useMemo(() => {
    const words = description(row);
    return (
      <div class={`row ${state === 'none' ? 'frozen' : 'learning'}`} role="none" data-path={row.path} title={`${row.path}\n${words}`}>
        <span
          class="cell name"
          role="treeitem"
          aria-level={row.level}
          aria-expanded={parent ? open : undefined}
          aria-checked={checked}
          aria-label={row.path}
          aria-description={words}
          tabIndex={focusable ? 0 : -1}
        >
          {Array.from({ length: row.level - 1 }, (_, i) => (
            <i key={i} class="guide" />
          ))}
          <span class="twist">{parent && <Icon name="chevron" kind={`twistie ${open ? 'open' : ''}`} />}</span>
          <span class="check" role="checkbox" aria-checked={checked} aria-label={row.path} data-check="">
            {checked === 'true' && <Icon name="check" />}
            {checked === 'mixed' && <Icon name="dash" />}
          </span>
          <Icon name={state === 'none' ? 'snow' : 'drop'} kind="mood" />
          <Label text={row.label} query={query} />
          {since !== null && <span class="since" data-words={l10n.t('since epoch {0}', number(since))} />}
        </span>
        <span class="cell type" aria-hidden="true">
          {typeWords(row)}
        </span>
        <span class="cell shape num" aria-hidden="true">
          {row.shape}
        </span>
        <span
          class="cell params num"
          aria-hidden="true"
          style={sizes({ v: share(node.parameters, largest), w: share(node.trainable, largest) })}
        >
          <b>{number(node.parameters)}</b>
        </span>
      </div>
    );
  }, [row.path, node.parameters, node.trainable, row.type, row.shape, open, focusable, query, largest, since]);
}
