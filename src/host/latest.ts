import type { Disposable } from './signal';

/** Work of several kinds, of each of which only what began last counts. */
export class Latest<Kind extends string> implements Disposable {
  private readonly work = new Map<Kind, AbortController>();

  /** Gives up what there is of that kind. @returns the signal of what begins in its place */
  begin(kind: Kind): AbortSignal {
    this.work.get(kind)?.abort();
    const controller = new AbortController();
    this.work.set(kind, controller);
    return controller.signal;
  }

  dispose(): void {
    for (const controller of this.work.values()) controller.abort();
  }
}
