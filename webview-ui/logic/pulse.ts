/** Says that something which changes in place has changed. */
export class Pulse {
  private readonly listeners = new Set<() => void>();
  beat(): void {
    for (const listener of [...this.listeners]) listener();
  }
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
