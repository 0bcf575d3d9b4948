/** A map that forgets what was longest not looked at, saying so to `dropped`. */
export class Lru<K, V> {
  private readonly entries = new Map<K, V>();

  constructor(
    private readonly capacity: number,
    private readonly dropped: (value: V) => void,
  ) {}

  get(key: K): V | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  has(key: K): boolean {
    return this.entries.has(key);
  }

  set(key: K, value: V): void {
    const old = this.entries.get(key);
    this.entries.delete(key);
    if (old !== undefined) this.dropped(old);
    this.entries.set(key, value);
    for (const [first, lost] of this.entries) {
      if (this.entries.size <= this.capacity) break;
      this.entries.delete(first);
      this.dropped(lost);
    }
  }

  clear(): void {
    for (const value of this.entries.values()) this.dropped(value);
    this.entries.clear();
  }
}
