/**
 * One line at the bottom of a terminal that is written over and over, with ordinary lines above it. Where stderr is no
 * terminal, only the ordinary lines appear.
 */
export class StatusLine {
  private shown = '';
  private readonly live = process.stderr.isTTY === true;

  show(text: string): void {
    if (!this.live || text === this.shown) return;
    // The text must not wrap, or the next one would overwrite its last row alone.
    process.stderr.write(`\r\x1b[K${text.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1))}`);
    this.shown = text;
  }

  print(line: string): void {
    const status = this.shown;
    this.clear();
    process.stderr.write(`${line}\n`);
    if (status) this.show(status);
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\x1b[K');
    this.shown = '';
  }
}

/** `██████░░░░` for a share of the whole. */
export function bar(share: number, cells = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * cells);
  return '█'.repeat(full) + '░'.repeat(cells - full);
}
