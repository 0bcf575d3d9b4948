import * as l10n from '@vscode/l10n';
import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import type { DataSummary, RowFilter, TextRow } from '../../src/protocol/data';
import { rowWindow, scrollToRow } from '../logic/rowWindow';
import { moved } from '../logic/virtual';
import { Bone, sizes } from '../parts/controls';
import { FailureBox } from '../parts/failureBox';
import { textPages } from '../session';
import { usePulse } from '../store';
import { useScrollBox } from './scrollBox';
import { type Shape, shapeOf, TextTableRow } from './textTableRow';

/** Height of a closed row, pixels, as in the style sheet. */
const rowHeight = 24;
const overscan = 8;

interface TableProps {
  summary: DataSummary;
  filter: RowFilter;
  /** What there is before all of it has been read; null once rows come page by page. */
  early: readonly TextRow[] | null;
}

/** Rows by their number: those that were read first, or those that have come so far. */
interface Rows {
  readonly count: number | undefined;
  at(index: number): TextRow | undefined;
}

function isWanted(row: TextRow, { split, klass, search }: RowFilter): boolean {
  const sought = search.toLowerCase();
  return (
    (split === 'all' || row.split === split) &&
    (klass === null || row.label === klass) &&
    (sought === '' || row.fields.some((field) => field.toLowerCase().includes(sought)))
  );
}

function useRows(early: TableProps['early'], filter: RowFilter): Rows {
  const first = useMemo(() => early?.filter((row) => isWanted(row, filter)) ?? null, [early, filter]);
  if (first) return { count: first.length, at: (index) => first[index] };
  return { count: textPages.total(filter), at: (index) => textPages.row(filter, index) };
}

/** The texts, or why there are none to be had. */
export function TextTable(props: TableProps) {
  usePulse(textPages.pulse, 30);
  const failure = props.early ? undefined : textPages.failure(props.filter);
  return failure ? <FailureBox failure={failure} /> : <TextRows {...props} />;
}

/** Of all rows only those in view and some on either side exist; one of them may be open. */
function TextRows({ summary, filter, early }: TableProps) {
  const { scroller, box } = useScrollBox(filter);
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState<{ index: number; height: number } | null>(null);
  const shape = shapeOf(summary);
  const rows = useRows(early, filter);
  const count = rows.count ?? 0;
  const isOpen = (index: number) => open?.index === index;

  useLayoutEffect(() => {
    setAt(0);
    setOpen(null);
  }, [filter]);

  const rowBox = { ...box, count, row: rowHeight, open, overscan };
  const window = rowWindow(rowBox);
  useEffect(() => {
    if (!early) textPages.want('table', filter, window.first, Math.max(window.end, window.first + 1));
  }, [early, filter, window.first, window.end]);
  useEffect(() => () => textPages.leave('table'), []);

  const pick = (index: number) => {
    if (index < 0 || index >= count) return;
    setAt(index);
    scroller.current!.scrollTop = scrollToRow(index, rowBox);
  };
  const toggle = (index: number) => {
    setAt(index);
    setOpen(isOpen(index) ? null : { index, height: rowHeight });
  };

  const indices = Array.from({ length: window.end - window.first }, (_, k) => window.first + k);
  return (
    <div class="texts">
      <div
        ref={scroller}
        class="text-scroll"
        role="treegrid"
        tabIndex={0}
        aria-label={l10n.t('Texts')}
        aria-rowcount={rows.count === undefined ? -1 : count + 1}
        aria-activedescendant={at >= window.first && at < window.end && rows.at(at) ? `text-row-${at}` : undefined}
        onKeyDown={(event) => {
          if (event.target !== event.currentTarget) return;
          const opens = event.key === 'Enter' || event.key === ' ' || (event.key === 'ArrowRight' && !isOpen(at));
          if (opens || (event.key === 'ArrowLeft' && isOpen(at))) {
            event.preventDefault();
            if (rows.at(at)) toggle(at);
            return;
          }
          if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') return;
          const to = moved(event.key, at, count, 1, Math.floor(box.height / rowHeight) - 2);
          if (to === null) return;
          event.preventDefault();
          pick(to);
        }}
      >
        <TextHead shape={shape} />
        <div class="text-all" role="presentation" style={sizes({ v: `${window.height}px` })}>
          <div class="text-rows" role="presentation" style={sizes({ x: `${window.offset}px` })}>
            {indices.map((index) => {
              const row = rows.at(index);
              if (!row) return <TextRowBones key={index} shape={shape} />;
              return (
                <TextTableRow
                  key={`${index} ${row.where}`}
                  index={index}
                  row={row}
                  shape={shape}
                  current={index === at}
                  open={isOpen(index)}
                  onToggle={() => toggle(index)}
                  onHeight={(height) => setOpen((old) => (old?.index === index && old.height !== height ? { index, height } : old))}
                />
              );
            })}
            {rows.count === undefined && Array.from({ length: 10 }, (_, i) => <TextRowBones key={i} shape={shape} />)}
          </div>
        </div>
        {rows.count === 0 && <p class="empty">{l10n.t('No text is in this class and split, or has these words.')}</p>}
      </div>
    </div>
  );
}

function TextHead({ shape }: { shape: Shape }) {
  return (
    <div class="text-row text-head" role="row">
      <span role="columnheader" class="num">
        {l10n.t('Row')}
      </span>
      {shape.texts.map((name) => (
        <span key={name} role="columnheader" class="text-cell">
          {name}
        </span>
      ))}
      {shape.labels && (
        <span role="columnheader" class="label-cell">
          {l10n.t('Label')}
        </span>
      )}
      <span role="columnheader" class="split-cell">
        {l10n.t('Split')}
      </span>
      <span role="columnheader" class="num tokens-cell">
        {l10n.t('Tokens')}
      </span>
    </div>
  );
}

function TextRowBones({ shape }: { shape: Shape }) {
  return (
    <div class="text-row" role="row" aria-busy="true">
      <span role="gridcell" class="num">
        <Bone width="24px" height={10} />
      </span>
      {shape.texts.map((name) => (
        <span key={name} role="gridcell" class="text-cell">
          <Bone width="72%" height={10} />
        </span>
      ))}
    </div>
  );
}
