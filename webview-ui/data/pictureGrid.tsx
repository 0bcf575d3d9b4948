import * as l10n from '@vscode/l10n';
import { useEffect } from 'preact/hooks';
import type { DataSummary, ExampleRow } from '../../src/protocol/data';
import { post } from '../host';
import type { ExampleFilter } from '../logic/examples';
import { gridWindow, moved, scrollFor } from '../logic/virtual';
import { Link, sizes } from '../parts/controls';
import { Icon } from '../parts/icon';
import { Thumbnail } from '../parts/thumbnail';
import { thumbnails } from '../session';
import { usePulse, useStore } from '../store';
import { splitWord } from './classBars';
import { picked } from './picked';
import { useScrollBox } from './scrollBox';

/** Pixels, as in the style sheet: least side of a tile, gap, and the room for the outline of those at the edge. */
const tile = 60;
const gap = 4;
const margin = 2;
const overscan = 2;

interface GridProps {
  examples: readonly ExampleRow[];
  /** What chose them: the grid goes back to the top when that changes, not when more is known of the pictures. */
  filter: ExampleFilter;
  summary: DataSummary;
  flags: ReadonlyMap<string, string>;
}

const fileName = (path: string) => path.slice(path.lastIndexOf('/') + 1);

/** The pictures, of which only the rows in view and two on either side exist. */
export function PictureGrid({ examples, filter, summary, flags }: GridProps) {
  const { scroller, box } = useScrollBox(filter);
  const path = useStore(picked, (p) => p.path);
  usePulse(thumbnails.pulse, 50);

  const width = box.width - 2 * margin;
  const window = gridWindow({ ...box, width, count: examples.length, tile, gap, overscan });
  const inWindow = width > 0 ? examples.slice(window.first, window.end) : [];
  useEffect(
    () =>
      thumbnails.want(
        'grid',
        inWindow.map((row) => row.path),
      ),
    [examples, window.first, window.end, width > 0],
  );
  useEffect(() => () => thumbnails.want('grid', []), []);

  const found = examples.findIndex((row) => row.path === path);
  const at = found < 0 ? 0 : found;
  const current = examples[at];
  const pick = (index: number) => {
    const row = examples[index];
    const element = scroller.current;
    if (!row || !element) return;
    picked.patch({ path: row.path });
    element.scrollTop = scrollFor(index, window, gap, element.scrollTop, element.clientHeight - 2 * margin);
  };
  const problem = current && flags.get(current.path);
  const nameOf = (row: ExampleRow) => summary.classes[row.label]?.name ?? '';

  return (
    <>
      <div
        ref={scroller}
        class="grid"
        role="listbox"
        tabIndex={0}
        aria-label={l10n.t('Pictures')}
        aria-activedescendant={current && at >= window.first && at < window.end ? `tile-${at}` : undefined}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && current) post({ type: 'openFile', path: current.path });
          const to = moved(event.key, at, examples.length, window.columns, Math.floor(box.height / (window.side + gap)));
          if (to === null) return;
          event.preventDefault();
          pick(to);
        }}
      >
        <div class="grid-all" style={sizes({ v: `${window.height}px` })}>
          <div class="grid-rows" style={sizes({ x: `${window.offset}px`, w: String(window.columns) })}>
            {inWindow.map((row, k) => {
              const index = window.first + k;
              const flag = flags.get(row.path);
              return (
                <div
                  key={row.path}
                  id={`tile-${index}`}
                  class="tile"
                  role="option"
                  aria-selected={index === at}
                  aria-posinset={index + 1}
                  aria-setsize={examples.length}
                  aria-label={[fileName(row.path), nameOf(row), splitWord(row.split), ...(flag ? [flag] : [])].join(', ')}
                  onClick={() => pick(index)}
                  onDblClick={() => post({ type: 'openFile', path: row.path })}
                >
                  <Thumbnail path={row.path} />
                  {flag && <Icon name="warning" kind="flag" />}
                </div>
              );
            })}
          </div>
        </div>
        {examples.length === 0 && <p class="empty">{l10n.t('No picture is in this class and split.')}</p>}
      </div>
      <p class="readout">
        {current && (
          <>
            <strong title={current.path}>{fileName(current.path)}</strong>
            <span>{nameOf(current)}</span>
            <span>{splitWord(current.split)}</span>
            {problem && (
              <span class="warn">
                <Icon name="warning" kind="small" />
                {problem}
              </span>
            )}
            <span class="push">
              <Link onClick={() => post({ type: 'openFile', path: current.path })}>{l10n.t('Open file')}</Link>
            </span>
          </>
        )}
      </p>
    </>
  );
}
