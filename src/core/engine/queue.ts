/** Work on one state, in the order asked: each piece needs what the one before it leaves, also where that failed. */
export class Queue {
  private last: Promise<unknown> = Promise.resolve();

  turn<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => {});
    return turn;
  }

  /** Until all that was asked for is done. */
  async idle(): Promise<void> {
    await this.last;
  }
}
