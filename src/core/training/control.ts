import type { Rules } from '../../protocol/rules';

/** Thrown through the loop where the run is to end before its time. */
export class Ending {
  /** `stop`: for good, keeping the best model. `idle`: nobody watches; it goes on another day. */
  constructor(readonly kind: 'stop' | 'idle') {}
}

/** What people ask of a run while it goes; the loop looks here between steps. */
export class Control {
  private asked: Ending | null = null;
  private pausing = false;
  private wake: (() => void) | null = null;
  private newRules: Rules | null = null;

  pause(): void {
    this.pausing = true;
  }

  continue(): void {
    this.pausing = false;
    this.wake?.();
  }

  end(kind: Ending['kind']): void {
    // A person's stop is not undone by an idle end that comes after it.
    if (this.asked?.kind !== 'stop') this.asked = new Ending(kind);
    this.wake?.();
  }

  setRules(rules: Rules): void {
    this.newRules = rules;
  }

  get ending(): Ending | null {
    return this.asked;
  }

  get paused(): boolean {
    return this.pausing;
  }

  get hasRules(): boolean {
    return this.newRules !== null;
  }

  /** The rules last asked for, once. */
  takeRules(): Rules | null {
    const rules = this.newRules;
    this.newRules = null;
    return rules;
  }

  /** Until `continue` or an ending. */
  async waking(): Promise<void> {
    while (this.pausing && !this.asked) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.wake = null;
  }
}
