import * as l10n from '@vscode/l10n';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { hasClasses } from '../../src/protocol/defaults';
import { figureOf } from '../../src/protocol/figure';
import { clock, decimal, figureValue, figureWords, number, percent, timeOfDay } from '../format';
import type { EpochRow, LoggedEvent } from '../logic/run';
import type { Book } from '../logic/view';
import { arrowsMove } from '../parts/controls';
import { isGoingOn, panel, run, runPulse, runTask, view } from '../session';
import { usePulse, useStore } from '../store';
import { SettingsForm } from './form';

function bookTitle(book: Book): string {
  switch (book) {
    case 'epochs':
      return l10n.t('Epochs');
    case 'log':
      return l10n.t('Log');
    case 'settings':
      return l10n.t('Settings');
  }
}

const toldRight = (scores: EpochRow['validation']) => (scores ? percent(scores.accuracy) : '–');

function Epochs() {
  usePulse(runPulse, 1000);
  const { rows, best } = run.current;
  if (rows.length === 0) return <p class="empty">{l10n.t('The first epoch is not over yet.')}</p>;
  const writes = !hasClasses(runTask());
  const columns = [
    l10n.t('Epoch'),
    l10n.t('Loss'),
    l10n.t('Validation loss'),
    writes ? l10n.t('Tokens told right') : l10n.t('Accuracy'),
    writes ? l10n.t('Validation perplexity') : l10n.t('Validation accuracy'),
    l10n.t('Seconds'),
  ];
  return (
    <table class="plain epochs">
      <caption class="sr">{l10n.t('Every epoch')}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col" class="num">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.toReversed().map((row: EpochRow) => (
          <tr key={row.epoch} class={row === best ? 'best' : ''}>
            <td class="num">{number(row.epoch)}</td>
            <td class="num">{decimal(row.train.loss, 3)}</td>
            <td class="num">{row.validation ? decimal(row.validation.loss, 3) : '–'}</td>
            <td class="num">{toldRight(writes ? row.validation : row.train)}</td>
            <td class="num">
              {row === best && row.validation && <span class="tag">{l10n.t('best')} </span>}
              {row.validation ? figureValue(figureOf(runTask(), row.validation)) : '–'}
            </td>
            <td class="num">{decimal(row.seconds, 1)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** One line of the log, in words; an exhaustive switch, so that a new event cannot go unsaid. */
function logWords(event: LoggedEvent): string {
  switch (event.type) {
    case 'started':
      return l10n.t('Run {0} on {1}, seed {2}', event.run, event.config.data.path, String(event.config.seed));
    case 'resumed':
      return l10n.t('Resumed from step {0}', number(event.step));
    case 'model':
      return l10n.t('Model {0}: {1} of {2} parameters learn', event.id, number(event.trainableParameters), number(event.parameters));
    case 'prepare':
      return l10n.t('Features: {0} of {1} examples and views', number(event.done), number(event.total));
    case 'phase':
      return l10n.t('Phase {0}: {1}', number(event.index + 1), event.trainable.join(' '));
    case 'freeze':
      return l10n.t('From step {0} on these learn: {1}', number(event.step), event.trainable.join(' '));
    case 'epoch':
      return event.validation
        ? l10n.t(
            'Epoch {0}: loss {1}, validation {2}, {3}',
            number(event.epoch),
            decimal(event.train.loss, 3),
            decimal(event.validation.loss, 3),
            figureWords(figureOf(runTask(), event.validation)),
          )
        : l10n.t(
            'Epoch {0}: loss {1}, {2}',
            number(event.epoch),
            decimal(event.train.loss, 3),
            figureWords(figureOf(runTask(), event.train)),
          );
    case 'samples':
      return l10n.t('After epoch {0} it writes: {1}', number(event.epoch), event.samples[0]?.written ?? '');
    case 'warning':
      return event.message;
    case 'paused':
      return event.reason === 'idle' ? l10n.t('Paused: no window was open') : l10n.t('Paused');
    case 'continued':
      return l10n.t('Continued');
    case 'finished':
      return l10n.t('Finished after {0}', clock(event.report.timings.total));
    case 'stopped':
      return l10n.t('Stopped at step {0}', number(event.step));
    case 'failed':
      return l10n.t('Failed: {0}', event.error.message);
  }
}

/** Keeps the newest line in view while one reads at the end, and leaves alone who has scrolled up. */
function useTail(lines: number) {
  const end = useRef<HTMLPreElement>(null);
  const following = useRef(true);
  useLayoutEffect(() => {
    const book = end.current?.parentElement;
    if (!book) return;
    const scrolled = () => {
      following.current = book.scrollTop + book.clientHeight >= book.scrollHeight - 8;
    };
    book.addEventListener('scroll', scrolled, { passive: true });
    return () => book.removeEventListener('scroll', scrolled);
  }, []);
  useLayoutEffect(() => {
    const book = end.current?.parentElement;
    if (book && following.current) book.scrollTop = book.scrollHeight;
  }, [lines]);
  return end;
}

function Log() {
  usePulse(runPulse, 1000);
  const raw = useStore(panel, (s) => s.log);
  const { log } = run.current;
  const lines = useMemo(() => log.map((event) => [timeOfDay(event.time), logWords(event)] as const), [log]);
  const end = useTail(lines.length + raw.length);
  if (lines.length === 0 && raw.length === 0) return <p class="empty">{l10n.t('Nothing has been said yet.')}</p>;
  return (
    <pre class="log" ref={end}>
      {lines.map(([time, words], i) => (
        <div key={i}>
          <span class="dim">{time}</span>
          {'  '}
          {words}
        </div>
      ))}
      {raw.length > 0 && <div class="dim">{l10n.t('Output of the process:')}</div>}
      {raw.map((line, i) => (
        <div key={i}>{line}</div>
      ))}
    </pre>
  );
}

function Settings() {
  const fixed = useStore(panel, (s) => isGoingOn(s.phase));
  return (
    <fieldset class="settings">
      <legend class="sr">{fixed ? l10n.t('Settings of this run') : l10n.t('Settings for the next run')}</legend>
      <SettingsForm fixed={fixed} />
    </fieldset>
  );
}

/** Epochs, Log and Settings under the curves. When all is done the result comes first and the pages are closed. */
export function Books() {
  const finished = useStore(panel, (s) => s.phase === 'finished');
  const chosen = useStore(view, (v) => v.book);
  const open = chosen ?? (finished ? '' : 'epochs');
  const books: Book[] = ['epochs', 'log', 'settings'];
  return (
    <div class="books">
      <div class={`tabs ${open ? '' : 'closed'}`} role="tablist" aria-label={l10n.t('Details')} onKeyDown={arrowsMove}>
        {books.map((book) => (
          <button
            key={book}
            type="button"
            role="tab"
            id={`tab-${book}`}
            aria-selected={open === book}
            aria-controls={open === book ? 'book' : undefined}
            tabIndex={open === book || (open === '' && book === 'epochs') ? 0 : -1}
            onClick={() => view.patch({ book: open === book && finished ? '' : book })}
          >
            {bookTitle(book)}
          </button>
        ))}
      </div>
      {open && (
        <div class="book" id="book" role="tabpanel" aria-labelledby={`tab-${open}`} tabIndex={0}>
          {open === 'epochs' && <Epochs />}
          {open === 'log' && <Log />}
          {open === 'settings' && <Settings />}
        </div>
      )}
    </div>
  );
}
