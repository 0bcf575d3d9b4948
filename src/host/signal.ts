export interface Disposable {
  dispose(): void;
}

/** Something that happens, for those who want to hear of it. VS Code's EventEmitter, where there is no VS Code. */
export class Signal<T> implements Disposable {
  private readonly listeners = new Set<(value: T) => void>();

  readonly on = (listener: (value: T) => void): Disposable => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}
