import type { Assistant } from './assistantProcess';
import type { Disposable } from './signal';

export interface Thumbnail {
  path: string;
  bytes: Uint8Array | null;
}

/** Few enough that the first rows show at once, enough to keep all cores busy; of the very first, a row. */
const batch = 16;
const firstBatch = 8;
const inFlight = 2;
/** How long all others wait for the first to be drawn, once these are made. */
const undrawnMs = 500;
/** Pixels: a 60 px tile on a screen of twice that density. */
const side = 120;

/** Makes thumbnails in small batches, what was asked for last first: that is what is in view. */
export class ThumbnailQueue implements Disposable {
  private waiting: string[] = [];
  private readonly making = new Set<string>();
  private running = 0;
  private held = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly root: string,
    private readonly assistant: Assistant,
    private readonly deliver: (images: Thumbnail[]) => void,
  ) {}

  /** Makes pictures before a view can ask, and no others until it has drawn one of them: both take the same cores. */
  begin(paths: readonly string[]): void {
    this.held = true;
    const made = [];
    for (let i = 0; i < paths.length; i += firstBatch) made.push(this.start(paths.slice(i, i + firstBatch)));
    void Promise.all(made).then(() => {
      if (this.held) this.timer = setTimeout(() => this.seen(), undrawnMs);
    });
  }

  /** The view has drawn pictures. */
  seen(): void {
    this.held = false;
    this.dispose();
    this.pump();
  }

  want(paths: readonly string[]): void {
    const wanted = new Set(paths.filter((path) => !this.making.has(path)));
    this.waiting = [...wanted, ...this.waiting.filter((path) => !wanted.has(path))];
    this.pump();
  }

  /** Forgets what is still waiting: the view that asked is gone. */
  clear(): void {
    this.waiting = [];
  }

  dispose(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private pump(): void {
    while (!this.held && this.running < inFlight && this.waiting.length) void this.start(this.waiting.splice(0, batch));
  }

  private async start(paths: readonly string[]): Promise<void> {
    this.running++;
    for (const path of paths) this.making.add(path);
    const images = await this.make(paths);
    this.running--;
    for (const path of paths) this.making.delete(path);
    this.deliver(images);
    this.pump();
  }

  private async make(paths: readonly string[]): Promise<Thumbnail[]> {
    try {
      const bytes = await this.assistant.ask('thumbnails', { root: this.root, paths: [...paths], side });
      return paths.map((path, i) => ({ path, bytes: plain(bytes[i] ?? null) }));
    } catch {
      return paths.map((path) => ({ path, bytes: null })); // shown as pictures that cannot be
    }
  }
}

/** What comes over Node's IPC is a Buffer, a window into a larger block: VS Code would send it on as JSON. */
function plain(bytes: Uint8Array | null): Uint8Array | null {
  return bytes && new Uint8Array(bytes);
}
