import { Lru } from './logic/lru';
import { Pulse } from './logic/pulse';

/** Seen pictures to keep: some 5 kB each, and far more than fit a screen. */
const capacity = 1500;
/** Pictures asked for in one message; more than a screen holds, less than the protocol allows. */
const perMessage = 200;
/** While one scrolls fast, rows that pass by are not worth asking for: milliseconds of rest before asking. */
const rest = 40;

/** Small pictures as blob: addresses, asked of the host when something shows them and forgotten when long unseen. */
export class Thumbnails {
  readonly pulse = new Pulse();
  /** null: the host could not make one. */
  private readonly urls = new Lru<string, string | null>(capacity, (url) => url && URL.revokeObjectURL(url));
  private readonly wanted = new Map<string, readonly string[]>();
  private readonly asked = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ask: (paths: string[]) => void) {}

  /** The address, null where there can be none, undefined while it is not there yet. */
  get(path: string): string | null | undefined {
    return this.urls.get(path);
  }

  /** `who` now shows these pictures, and no longer those it named before. */
  want(who: string, paths: readonly string[]): void {
    this.wanted.set(who, paths);
    this.schedule();
  }

  receive(images: readonly { path: string; bytes: Uint8Array | null }[]): void {
    for (const { path, bytes } of images) {
      this.asked.delete(path);
      this.urls.set(path, bytes && addressOf(bytes as Uint8Array<ArrayBuffer>));
    }
    this.pulse.beat();
  }

  clear(): void {
    this.asked.clear();
    this.urls.clear();
    this.pulse.beat();
    this.schedule();
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => this.request(), rest);
  }

  private request(): void {
    this.timer = undefined;
    const missing = [...new Set([...this.wanted.values()].flat())].filter((path) => !this.urls.has(path) && !this.asked.has(path));
    for (let i = 0; i < missing.length; i += perMessage) {
      const part = missing.slice(i, i + perMessage);
      for (const path of part) this.asked.add(path);
      this.ask(part);
    }
  }
}

/** Being loaded before it has a place in the page, a picture is there when it gets one. */
function addressOf(bytes: Uint8Array<ArrayBuffer>): string {
  const url = URL.createObjectURL(new Blob([bytes]));
  new Image().src = url;
  return url;
}
