import { setTimeout as sleep } from 'node:timers/promises';

/** Work that people wait for, and work that steps aside for it. */
export class Urgent {
  private running = 0;
  private last = Number.NEGATIVE_INFINITY;
  private waiting: (() => void)[] = [];
  private expected: NodeJS.Timeout | null = null;

  async run<T>(work: () => Promise<T>): Promise<T> {
    this.running++;
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /** Something urgent is going on elsewhere: until it is `met`, or for so many milliseconds. */
  expect(atMost: number): void {
    if (this.expected) clearTimeout(this.expected);
    else this.running++;
    this.expected = setTimeout(() => this.met(), atMost);
  }

  met(): void {
    if (!this.expected) return;
    clearTimeout(this.expected);
    this.expected = null;
    this.end();
  }

  /** Resolves when nothing urgent is going on, and has not been for `rest` milliseconds: what people look at is asked for bit by bit. */
  async over(rest = 0): Promise<void> {
    for (;;) {
      const left = this.last + rest - performance.now();
      if (this.running > 0) await new Promise<void>((go) => this.waiting.push(go));
      else if (left > 0) await sleep(left);
      else return;
    }
  }

  private end(): void {
    this.last = performance.now();
    if (--this.running === 0) for (const go of this.waiting.splice(0)) go();
  }
}
