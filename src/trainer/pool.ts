/** Runs at most `size` jobs at a time, the others in the order in which they came. */
export class Pool {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly size: number) {}

  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.running >= this.size) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      return await job();
    } finally {
      const next = this.waiting.shift();
      // A place goes from hand to hand; it is given back only when nobody waits.
      if (next) next();
      else this.running--;
    }
  }
}
