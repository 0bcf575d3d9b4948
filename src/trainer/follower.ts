import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { RunEvent } from '../protocol/events';
import { EventTail } from './eventTail';

/** A client that takes nothing for so long has hung; it would keep the run from noticing that nobody looks. */
const hungMs = 60_000;

/**
 * Sends one client all events from a number on, each once and in order. It holds a cursor, no queue: a client that is
 * behind is served from the file as fast as it reads, one that is up to date gets each event as it happens. So a slow
 * client costs no memory and never makes the training wait.
 */
export class Follower {
  private reading = false;
  private readonly tail: EventTail;

  /** @param next number of the first event to send */
  constructor(
    private readonly socket: Socket,
    eventsFile: string,
    private next: number,
    /** Number of the newest event, which is in the file already. */
    private readonly newest: () => number,
  ) {
    this.tail = new EventTail(eventsFile);
    socket.once('close', () => void this.tail.close().catch(() => {}));
  }

  get upToDate(): boolean {
    return this.next > this.newest() && !this.socket.writableNeedDrain;
  }

  /** Tells of a new event. */
  offer(event: RunEvent): void {
    if (this.reading || this.socket.destroyed) return;
    if (event.seq === this.next && !this.socket.writableNeedDrain) this.send(event.seq, JSON.stringify(event));
    else this.catchUp();
  }

  /** Sends from the file until nothing is missing. */
  catchUp(): void {
    if (!this.reading) this.readOn().catch((error) => this.socket.destroy(error instanceof Error ? error : undefined));
  }

  private async readOn(): Promise<void> {
    this.reading = true;
    while (!this.socket.destroyed && this.next <= this.newest()) {
      if (this.socket.writableNeedDrain) await drained(this.socket);
      const lines = await this.tail.next();
      // What is announced was written before, so the end is reached only when the file was cut short or is gone.
      if (lines === null) throw new Error(`Event ${this.next} is not in the run's events.`);
      for (const { seq, json } of lines) if (seq >= this.next) this.send(seq, json);
    }
    // In the same turn as the last look at `newest`: an event that comes later finds nobody reading.
    this.reading = false;
    if (this.socket.destroyed) await this.tail.close();
  }

  private send(seq: number, json: string): void {
    this.socket.write(`{"type":"event","event":${json}}\n`);
    this.next = seq + 1;
  }
}

/** Waits until a socket takes more; one that has hung is closed. */
export async function drained(socket: Socket): Promise<void> {
  const hung = setTimeout(() => socket.destroy(), hungMs);
  const gone = new AbortController();
  const close = () => gone.abort();
  socket.once('close', close);
  try {
    if (socket.writableNeedDrain && !socket.destroyed) await once(socket, 'drain', { signal: gone.signal });
  } catch {
    // Closed meanwhile: whoever waits looks at `destroyed`.
  } finally {
    clearTimeout(hung);
    socket.off('close', close);
  }
}
