import type { PanelState } from '../protocol/panel';

/** More rows than a grid shows at once. */
const firstRows = 300;
/** Time for the first pictures to be drawn, and how long the other rows wait where none come. */
const drawnMs = 300;
const undrawnMs = 1500;

/** Sends the first rows of a large folder to the view ahead of all others: those are megabytes, and what comes after would wait. */
export class RowsAhead {
  private waiting: 'no' | 'for pictures' | 'for a moment' = 'no';
  private sent = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly post: (part: Partial<PanelState>) => void,
    private readonly state: () => PanelState,
  ) {}

  /** A view has come that knows nothing yet. */
  attach(): void {
    this.sent = false;
    this.send(this.state());
  }

  send(part: Partial<PanelState>): void {
    const { examples } = part;
    const many = !this.sent && examples && examples.length > firstRows;
    this.post(many ? { ...part, examples: examples.slice(0, firstRows) } : part);
    if (many && this.waiting !== 'for a moment') this.wait('for pictures', undrawnMs);
  }

  /** The view has got pictures. */
  seen(): void {
    if (this.waiting === 'for pictures') this.wait('for a moment', drawnMs);
  }

  dispose(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private wait(what: RowsAhead['waiting'], milliseconds: number): void {
    this.dispose();
    this.waiting = what;
    this.timer = setTimeout(() => {
      this.waiting = 'no';
      this.sent = true;
      this.post({ examples: this.state().examples });
    }, milliseconds);
  }
}
