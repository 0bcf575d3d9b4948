import type { PanelState } from '../protocol/panel';

/** More rows than a grid shows at once. */
const firstRows = 300;
/** For the other pictures in view, and how long the other rows wait where no picture is drawn. */
const drawnMs = 300;
const undrawnMs = 2500;

/** Sends the first rows of a large folder to the view ahead of all others: those are megabytes, and what comes after would wait. */
export class RowsAhead {
  /** Whether the view has drawn pictures, or can be expected to have none. */
  private drawn = false;
  /** Until all rows are sent. */
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly post: (part: Partial<PanelState>) => void,
    private readonly state: () => PanelState,
  ) {}

  /** A view has come that knows nothing yet. */
  attach(): void {
    this.drawn = false;
    this.send(this.state());
  }

  send(part: Partial<PanelState>): void {
    const { examples } = part;
    if (!examples || this.drawn || examples.length <= firstRows) this.post(part);
    else {
      this.post({ ...part, examples: examples.slice(0, firstRows) });
      this.sendAll(undrawnMs);
    }
  }

  seen(): void {
    if (this.drawn) return;
    this.drawn = true;
    if (this.timer) this.sendAll(drawnMs);
  }

  dispose(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private sendAll(milliseconds: number): void {
    this.dispose();
    this.timer = setTimeout(() => {
      this.timer = null;
      this.drawn = true;
      this.post({ examples: this.state().examples });
    }, milliseconds);
  }
}
