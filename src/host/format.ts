import * as l10n from '@vscode/l10n';
import type { Figure } from '../protocol/figure';

/** Numbers as people of that language write them. */
export class Format {
  // Made when first needed: loading a language's rules takes milliseconds.
  private whole: Intl.NumberFormat | null = null;
  private tenths: Intl.NumberFormat | null = null;
  private hundredths: Intl.NumberFormat | null = null;

  /** @param language BCP 47 */
  constructor(private readonly language: string) {}

  /** "12,345" */
  count(n: number): string {
    this.whole ??= new Intl.NumberFormat(this.language);
    return this.whole.format(n);
  }

  /** "96.9 %" of a share of 1. */
  percent(share: number): string {
    this.tenths ??= new Intl.NumberFormat(this.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    return l10n.t('{0} %', this.tenths.format(share * 100));
  }

  /** A run's figure: "94.8 %", "perplexity 14.05". */
  figure(figure: Figure): string {
    switch (figure.measure) {
      case 'accuracy':
        return this.percent(figure.accuracy);
      case 'perplexity':
        this.hundredths ??= new Intl.NumberFormat(this.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
        return l10n.t('perplexity {0}', this.hundredths.format(figure.perplexity));
      case 'written':
        return l10n.t('ROUGE-L {0}, exact match {1}', this.percent(figure.rougeL), this.percent(figure.exactMatch));
    }
  }

  /** "88.5 MB" */
  bytes(n: number): string {
    const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
    const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, n * 1.0005)) / 3));
    const style = { style: 'unit', unit: units[unit], unitDisplay: 'short', maximumFractionDigits: unit > 1 ? 1 : 0 } as const;
    return new Intl.NumberFormat(this.language, style).format(n / 1000 ** unit);
  }

  /** "now", "5 min", "2 h", "3 d", "2 w". */
  age(since: number, now = Date.now()): string {
    const minutes = Math.max(0, (now - since) / 60_000);
    if (minutes < 1) return l10n.t('now');
    if (minutes < 60) return l10n.t('{0} min', Math.floor(minutes));
    if (minutes < 24 * 60) return l10n.t('{0} h', Math.floor(minutes / 60));
    if (minutes < 14 * 24 * 60) return l10n.t('{0} d', Math.floor(minutes / 60 / 24));
    return l10n.t('{0} w', Math.floor(minutes / 60 / 24 / 7));
  }

  /** "4 s", "2 min 9 s". */
  duration(seconds: number): string {
    const whole = Math.round(seconds);
    if (whole < 60) return l10n.t('{0} s', whole);
    return l10n.t('{0} min {1} s', Math.floor(whole / 60), whole % 60);
  }
}
