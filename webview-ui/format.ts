import * as l10n from '@vscode/l10n';
import type { Figure } from '../src/protocol/figure';

let locale = 'en';
const formatters = new Map<string, Intl.NumberFormat>();

export function setLocale(name: string): void {
  try {
    locale = Intl.getCanonicalLocales(name)[0] ?? 'en';
  } catch {
    locale = 'en';
  }
  formatters.clear();
}

function numbers(least: number, most: number): Intl.NumberFormat {
  const key = `${least} ${most}`;
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale, { minimumFractionDigits: least, maximumFractionDigits: most });
    formatters.set(key, found);
  }
  return found;
}

/** `12,345` */
export const number = (x: number) => numbers(0, 0).format(x);

/** A fixed number of decimals: `0.196`. */
export const decimal = (x: number, digits: number) => numbers(digits, digits).format(x);

/** Of what is told once an epoch, without the name of its measure: `94.8 %`, `14.05`. */
export function figureValue(figure: Figure): string {
  switch (figure.measure) {
    case 'accuracy':
      return percent(figure.accuracy);
    case 'perplexity':
      return decimal(figure.perplexity, 2);
    case 'written':
      return percent(figure.rougeL);
  }
}

/** As many decimals as it needs, for learning rates: `0.0003`. */
export const precise = (x: number) => numbers(0, 8).format(x);

/** `12,345`, from a million on `3.4 M`. */
export function short(x: number): string {
  if (x >= 999_950_000) return `${numbers(1, 1).format(x / 1e9)} G`;
  return x >= 1e6 ? `${numbers(1, 1).format(x / 1e6)} M` : number(x);
}

/** `96.9 %` of a share from 0 to 1. */
export const percent = (share: number, digits = 1) => `${numbers(digits, digits).format(100 * share)} %`;

/** What a run is known by: `94.8 %`, `perplexity 14.05`. */
export function figureWords(figure: Figure): string {
  switch (figure.measure) {
    case 'accuracy':
      return figureValue(figure);
    case 'perplexity':
      return l10n.t('perplexity {0}', figureValue(figure));
    case 'written':
      return l10n.t('ROUGE-L {0}, exact match {1}', figureValue(figure), percent(figure.exactMatch));
  }
}

/** Just as precise as a small share needs: `0.08 %`, `30.2 %`, `100 %`. */
export function shareWords(share: number): string {
  if (share === 0 || share === 1) return percent(share, 0);
  return percent(share, share < 0.01 ? 2 : 1);
}

/** `13.5 MB`, `612 MB`, `1.2 GB`; decimal, as disks and VS Code count. */
export function bytes(x: number): string {
  if (x >= 1e9) return `${numbers(1, 1).format(x / 1e9)} GB`;
  if (x >= 1e6) return `${x < 1e8 ? numbers(1, 1).format(x / 1e6) : number(x / 1e6)} MB`;
  return `${number(Math.max(x, 0) / 1e3)} kB`;
}

/** `0:29`, `1:02:03` */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (x: number) => String(x).padStart(2, '0');
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A length of time that is only guessed: `41 s`, `8 min`, `2.5 h`. */
export function roughly(seconds: number): string {
  if (seconds < 10) return `${numbers(1, 1).format(Math.max(0.1, seconds))} s`;
  if (seconds < 90) return `${number(seconds)} s`;
  if (seconds < 5400) return `${number(seconds / 60)} min`;
  return `${numbers(1, 1).format(seconds / 3600)} h`;
}

/** The time of day of an event, `10:41:07`. */
export function timeOfDay(time: number): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(time);
}

/** `640 pictures`; one is a word of its own in many languages. */
export const pictures = (n: number) => (n === 1 ? l10n.t('1 picture') : l10n.t('{0} pictures', number(n)));
export const classes = (n: number) => (n === 1 ? l10n.t('1 class') : l10n.t('{0} classes', number(n)));
export const texts = (n: number) => (n === 1 ? l10n.t('1 text') : l10n.t('{0} texts', number(n)));
