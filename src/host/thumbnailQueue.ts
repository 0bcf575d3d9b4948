import type { Assistant } from './assistantProcess';

export interface Thumbnail {
  path: string;
  bytes: Uint8Array | null;
}

/** Few enough that the first rows show at once, enough to keep all cores busy. */
const batch = 16;
const inFlight = 2;
/** Pixels: a 60 px tile on a screen of twice that density. */
const side = 120;

/**
 * Makes thumbnails in small batches, what was asked for last first: that is what is in view. The first ones are made while the
 * view is still being loaded.
 */
export class ThumbnailQueue {
  private waiting: string[] = [];
  private readonly making = new Set<string>();
  private running = 0;
  /** What was made before there was a view; null since there has been one. */
  private kept: Thumbnail[] | null = [];

  constructor(
    private readonly root: string,
    private readonly assistant: Assistant,
    private readonly deliver: (images: Thumbnail[]) => void,
  ) {}

  want(paths: readonly string[]): void {
    const wanted = new Set(paths.filter((path) => !this.making.has(path)));
    this.waiting = [...wanted, ...this.waiting.filter((path) => !wanted.has(path))];
    this.pump();
  }

  /**
   * A view has come. The first one gets what was made ahead, and what is still to be made; another one asks for what it shows.
   * @param show fills the view: a few pictures are there before, to be drawn along with it, and no more, as each costs time
   */
  attach(show: () => void): void {
    const made = this.kept;
    this.kept = null;
    if (!made) this.clear();
    if (made?.length) this.deliver(made.splice(0, batch));
    show();
    while (made?.length) this.deliver(made.splice(0, batch));
  }

  /** Forgets what is still waiting: the view that asked is gone. */
  clear(): void {
    this.waiting = [];
  }

  private pump(): void {
    while (this.running < inFlight && this.waiting.length) {
      const paths = this.waiting.splice(0, batch);
      this.running++;
      for (const path of paths) this.making.add(path);
      void this.make(paths).then((images) => {
        this.running--;
        for (const path of paths) this.making.delete(path);
        if (this.kept) this.kept.push(...images);
        else this.deliver(images);
        this.pump();
      });
    }
  }

  private async make(paths: string[]): Promise<Thumbnail[]> {
    try {
      const bytes = await this.assistant.ask('thumbnails', { root: this.root, paths, side });
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
