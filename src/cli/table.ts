import * as l10n from '@vscode/l10n';
import type { Figure } from '../protocol/figure';

/**
 * Columns as wide as their longest cell, two spaces apart. The first row is the head.
 * @param alignment a letter a column: `l` or `r`
 */
export function table(alignment: string, rows: readonly (readonly string[])[]): string {
  const widths = [...alignment].map((_, i) => Math.max(...rows.map((row) => columns(row[i] ?? ''))));
  const line = (row: readonly string[]) =>
    widths
      .map((width, i) => {
        const cell = row[i] ?? '';
        const space = ' '.repeat(width - columns(cell));
        return alignment[i] === 'r' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Columns that a terminal gives to a text: East Asian wide characters and emoji take two. */
function columns(text: string): number {
  let count = 0;
  for (const character of text) count += wide.test(character) ? 2 : 1;
  return count;
}

/** 0.9312 → "93.1 %". */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** What a run is known by: "93.1 %", "perplexity 14.05". */
export function figureText(figure: Figure): string {
  switch (figure.measure) {
    case 'accuracy':
      return percent(figure.accuracy);
    case 'perplexity':
      return l10n.t('perplexity {0}', figure.perplexity.toFixed(2));
    case 'written':
      return l10n.t('ROUGE-L {0}, exact match {1}', percent(figure.rougeL), percent(figure.exactMatch));
  }
}

/** Seconds → "4.2 s", "43 s", "3 min 20 s", "2 h 05 min". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`;
}

/** Bytes → "21 kB", "3.4 MB". */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  // What would round to 1000 of a unit is 1.0 of the next.
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes * 1.0005)) / 3));
  const value = bytes / 1000 ** unit;
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** 3413024 → "3,413,024". */
export function integer(n: number): string {
  return n.toLocaleString('en-US');
}

/** Names of files and classes may hold anything; control characters would move the cursor or turn the text around. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
