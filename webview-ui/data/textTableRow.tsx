import * as l10n from '@vscode/l10n';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { DataSummary, TextRow } from '../../src/protocol/data';
import { number } from '../format';
import { post } from '../host';
import { isReadable, oneLine, rowName, shownText } from '../logic/shownText';
import { Link } from '../parts/controls';
import { Icon } from '../parts/icon';
import { splitWord } from './classBars';
import { RowTokens } from './rowTokens';

/** What the columns of the table are. */
export interface Shape {
  readonly kind: 'one' | 'two' | 'chat';
  /** Headings of the texts. */
  readonly texts: readonly string[];
  readonly labels: boolean;
}

export function shapeOf({ task }: DataSummary): Shape {
  switch (task) {
    case 'text-pair-classification':
      return { kind: 'two', texts: [l10n.t('First text'), l10n.t('Second text')], labels: true };
    case 'text-to-text':
      return { kind: 'two', texts: [l10n.t('Source'), l10n.t('Target')], labels: false };
    case 'chat':
      return { kind: 'chat', texts: [l10n.t('Conversation')], labels: false };
    case 'causal-lm':
      return { kind: 'one', texts: [l10n.t('Text')], labels: false };
    case 'text-classification':
    case 'image-classification':
      return { kind: 'one', texts: [l10n.t('Text')], labels: true };
  }
}

/** What a closed row says of a conversation: its first question and its last words; what the system is told is often the same in all. */
function closedTexts({ fields }: TextRow, { kind }: Shape): string[] {
  if (kind !== 'chat') return fields.map(oneLine);
  const contents = fields.filter((_, i) => i % 2 === 1 && fields[i - 1] !== 'system');
  return [oneLine(contents.length > 1 ? `${contents[0]} → ${contents.at(-1)}` : (contents[0] ?? ''))];
}

interface RowProps {
  index: number;
  row: TextRow;
  shape: Shape;
  current: boolean;
  open: boolean;
  onToggle: () => void;
  /** How high the row is now that it is open. */
  onHeight: (height: number) => void;
}

export function TextTableRow({ index, row, shape, current, open, onToggle, onHeight }: RowProps) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!open) return;
    const observer = new ResizeObserver(() => onHeight(element.current!.offsetHeight));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, [open]);
  const name = rowName(row.where);
  const closed = closedTexts(row, shape);
  return (
    <div
      ref={element}
      id={`text-row-${index}`}
      class={`text-row ${open ? 'open' : ''}`}
      role="row"
      aria-level={1}
      aria-rowindex={index + 2}
      aria-expanded={open}
      aria-selected={current}
    >
      <span role="gridcell" class="num dim" title={row.where} onClick={onToggle}>
        {typeof name === 'number' ? number(name) : <bdi>{name}</bdi>}
      </span>
      {closed.map((text, i) => (
        <span key={i} role="gridcell" class="text-cell" onClick={open ? undefined : onToggle}>
          {i === 0 && (
            <button
              type="button"
              class="text-twistie"
              tabIndex={-1}
              aria-label={open ? l10n.t('Close') : l10n.t('Show all of it')}
              onClick={open ? onToggle : undefined}
            >
              <Icon name="chevron" kind={`twistie ${open ? 'open' : ''}`} />
            </button>
          )}
          {open ? <OpenText row={row} shape={shape} place={i} /> : <bdi class="text-line">{text}</bdi>}
        </span>
      ))}
      {shape.labels && (
        <span role="gridcell" class="label-cell" title={row.label ?? ''} onClick={onToggle}>
          <bdi>{row.label}</bdi>
        </span>
      )}
      <span role="gridcell" class="split-cell dim" onClick={onToggle}>
        {splitWord(row.split)}
      </span>
      <span role="gridcell" class="num tokens-cell" onClick={onToggle}>
        {row.tokens === null ? '' : number(row.tokens)}
      </span>
      {open && (
        <div role="gridcell" class="text-more">
          <RowTokens row={row} pair={shape.labels && shape.kind === 'two'} chat={shape.kind === 'chat'} />
          <p class="text-acts dim small">
            {row.cut && <span>{l10n.t('Only the beginning is shown.')}</span>}
            {isReadable(row.where) && (
              <Link onClick={() => post({ type: 'openFile', path: row.where })}>{l10n.t('Open in the editor')}</Link>
            )}
          </p>
        </div>
      )}
    </div>
  );
}

function OpenText({ row, shape, place }: { row: TextRow; shape: Shape; place: number }) {
  if (shape.kind !== 'chat')
    return (
      <span class="text-whole" dir="auto">
        {shownText(row.fields[place] ?? '')}
      </span>
    );
  const messages = row.fields.flatMap((role, i) => (i % 2 === 0 ? [{ role, content: row.fields[i + 1] ?? '' }] : []));
  return (
    <span class="text-chat">
      {messages.map(({ role, content }, i) => (
        <span key={i} class={`text-message ${role}`}>
          <span class="text-role">{roleWord(role)}</span>
          <span class="text-whole" dir="auto">
            {shownText(content)}
          </span>
        </span>
      ))}
    </span>
  );
}

function roleWord(role: string): string {
  switch (role) {
    case 'system':
      return l10n.t('system');
    case 'user':
      return l10n.t('user');
    case 'assistant':
      return l10n.t('assistant');
    case 'tool':
      return l10n.t('tool');
    default:
      return role;
  }
}
