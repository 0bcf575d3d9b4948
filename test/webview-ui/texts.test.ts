import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { columnsIn } from '../../src/protocol/columns';
import type { TextRow } from '../../src/protocol/data';
import type { FromPanel } from '../../src/protocol/panel';
import { allRows } from '../../src/protocol/rows';
import { withRole } from '../../webview-ui/logic/columns';
import { isReadable, oneLine, placeOf, rowName, shownText } from '../../webview-ui/logic/shownText';
import { pageRows, TextPages } from '../../webview-ui/logic/textPages';

describe('shownText', () => {
  it('leaves nothing in a text that is not seen or turns its order, and keeps all else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = shownText(text);
        expect(shown).not.toMatch(/[^\P{Cc}\t\n]|\p{Cs}|[\u202a-\u202e\u2066-\u2069\u200e\u200f\u200b\ufeff]/u);
        const visible = (s: string) => s.replaceAll(/[^\p{L}\p{N}\p{P}]/gu, '');
        if (!/[^\P{C}]/u.test(text)) expect(visible(shown)).toBe(visible(text));
      }),
    );
  });

  it('shows what stands for each', () => {
    expect(shownText('a\u0007b\u202ec\ud83d😀\r\n\tz\u0085')).toBe('a␇b⟨U+202E⟩c\ufffd😀\n\tz⟨U+0085⟩');
    expect(oneLine(' two\n\n lines ')).toBe('two lines');
    expect(oneLine('x'.repeat(100_000))).toHaveLength(400);
  });

  it('takes the line out of the name of a row', () => {
    expect(placeOf('a/b.csv:12')).toEqual({ file: 'a/b.csv', line: 12 });
    expect(placeOf('C:\\x.csv:7')).toEqual({ file: 'C:\\x.csv', line: 7 });
    expect(placeOf('spam/7.txt')).toEqual({ file: 'spam/7.txt', line: null });
    expect(['a.csv:1', 'b/a.txt:1', 'b/a.txt:7', 'spam/7.txt'].map(rowName)).toEqual([1, 'a.txt', 7, '7.txt']);
    expect([isReadable('a.csv:1'), isReadable('a.parquet:1'), isReadable('a.csv.gz:3'), isReadable('b/c.txt')]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});

describe('columns', () => {
  it('play one part each: one that is taken changes places', () => {
    expect(withRole({ text: 'a', label: 'b' }, 'text', 'b')).toEqual({ text: 'b', label: 'a' });
    expect(withRole({ text: 'a', label: 'b' }, 'split', 'b')).toEqual({ text: 'a', split: 'b' });
    expect(withRole({ text: 'a' }, 'label', 'c')).toEqual({ text: 'a', label: 'c' });
    expect(withRole({ text: 'a', label: 'b' }, 'text', 'a')).toEqual({ text: 'a', label: 'b' });
    expect(withRole({ text: 'a', split: 'b' }, 'label', 'b')).toEqual({ text: 'a', label: 'b', split: '' });
  });
  it('need not play a part that no task depends on', () => {
    expect(withRole({ text: 'a', split: 'b' }, 'split', '')).toEqual({ text: 'a', split: '' });
    expect(withRole({ text: 'a', split: '' }, 'split', 'b')).toEqual({ text: 'a', split: 'b' });
  });
  it('are read from the summary, none where none is shown', () => {
    const columns = [
      { name: 'id', role: null },
      { name: 'SMS', role: 'text' as const },
    ];
    expect(columnsIn({ task: 'text-classification', columns })).toEqual({ text: 'SMS', split: '' });
  });
});

describe('TextPages', () => {
  const row = (i: number): TextRow => ({ where: `a.csv:${i}`, split: 'train', label: null, fields: [`${i}`], cut: false, tokens: null });
  const asked: Omit<Extract<FromPanel, { type: 'rows' }>, 'type'>[] = [];
  const made = () => {
    asked.length = 0;
    return new TextPages((question) => asked.push(question));
  };
  const answer = (pages: TextPages, total: number) => {
    for (const { filter, from, count } of asked.splice(0)) {
      const rows = Array.from({ length: Math.max(0, Math.min(count, total - from)) }, (_, k) => row(from + k));
      pages.receive({ type: 'rows', filter, from, total, rows, failure: null });
    }
  };

  it('asks for what is shown, once, and gives it by its number', () => {
    vi.useFakeTimers();
    const pages = made();
    pages.want('table', allRows, 0, 10);
    pages.want('table', allRows, 220, 260); // scrolled on before anything was asked
    vi.advanceTimersByTime(100);
    expect(asked.map(({ from }) => from)).toEqual([200, 250]);
    pages.want('table', allRows, 221, 261);
    vi.advanceTimersByTime(100);
    expect(asked).toHaveLength(2);
    expect(pages.total(allRows)).toBeUndefined();
    answer(pages, 1000);
    expect(pages.total(allRows)).toBe(1000);
    expect(pages.row(allRows, 237)?.where).toBe('a.csv:237');
    expect(pages.row(allRows, 237 + 2 * pageRows)).toBeUndefined();
    expect(pages.row({ ...allRows, klass: 'x' }, 237)).toBeUndefined();
    vi.useRealTimers();
  });

  it('asks again for what is shown when the data is another', () => {
    vi.useFakeTimers();
    const pages = made();
    pages.want('table', allRows, 0, 10);
    vi.advanceTimersByTime(100);
    answer(pages, 10);
    pages.clear();
    expect(pages.total(allRows)).toBeUndefined();
    vi.advanceTimersByTime(100);
    expect(asked).toHaveLength(1);
    pages.receive({
      type: 'rows',
      filter: allRows,
      from: 0,
      total: 0,
      rows: [],
      failure: { code: 'data.missing', message: 'x', hint: 'y' },
    });
    expect(pages.failure(allRows)?.code).toBe('data.missing');
    vi.useRealTimers();
  });
});
