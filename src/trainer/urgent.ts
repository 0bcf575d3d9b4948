/** Work that people wait for, and work that steps aside for it. */
export class Urgent {
  private running = 0;
  private waiting: (() => void)[] = [];

  async run<T>(work: () => Promise<T>): Promise<T> {
    this.running++;
    try {
      return await work();
    } finally {
      if (--this.running === 0) for (const go of this.waiting.splice(0)) go();
    }
  }

  /** Resolves when nothing urgent is going on. */
  async over(): Promise<void> {
    while (this.running > 0) await new Promise<void>((go) => this.waiting.push(go));
  }
}
