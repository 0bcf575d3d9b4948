import { createServer, type Server, type Socket } from 'node:net';
import * as l10n from '@vscode/l10n';
import type { RunHandle } from '../core/training';
import type { RunEvent } from '../protocol/events';
import { asFailure, ThawError } from '../protocol/failure';
import { type TrainerMessage, type TrainerRequest, trainerRequestSchema } from '../protocol/trainer';
import { type Address, newAddress } from './address';
import { drained, Follower } from './follower';
import { linesOf } from './lines';

/** What a client may do to a run. */
export type RunControls = Pick<RunHandle, 'pause' | 'continue' | 'stop' | 'freeze'>;

/** How long clients may take to receive the last events before the door is shut. */
const farewellMs = 3_000;

/**
 * The door of a running process: any number of clients on a local socket, one JSON object a line (protocol/trainer.ts).
 * `events.ndjson` is the truth that `follow` replays; `publish` must come after an event was written there.
 */
export class RunServer {
  private readonly server: Server;
  /** With what each of them follows, once it does. */
  private readonly clients = new Map<Socket, Follower | null>();
  private newest = 0;
  private alone: NodeJS.Timeout | undefined;

  private constructor(
    private readonly eventsFile: string,
    private readonly controls: Promise<RunControls>,
    private readonly place: Address,
    private readonly idle: { minutes: number; end(): void } | null,
  ) {
    this.server = createServer((socket) => void this.serve(socket));
  }

  /**
   * Begins to listen. Requests that need the run wait until `controls` is there.
   * @param idle `end` is called when nobody has followed the run for so many minutes (0: never)
   */
  static async listen(
    eventsFile: string,
    controls: Promise<RunControls>,
    idle: { minutes: number; end(): void } | null = null,
  ): Promise<RunServer> {
    const place = await newAddress();
    const server = new RunServer(eventsFile, controls, place, idle);
    await new Promise<void>((resolve, reject) => {
      server.server.once('error', reject);
      server.server.listen(place.address, resolve);
    });
    // Getting ready may take longer than anybody is expected to wait for.
    void controls.then(() => server.watchIdle());
    return server;
  }

  get address(): string {
    return this.place.address;
  }

  /** Tells all who follow of an event that is in the file already. */
  publish(event: RunEvent): void {
    this.newest = event.seq;
    for (const follower of this.followers) follower.offer(event);
  }

  /** Gives the followers some time to receive the last event, then closes all connections and removes the socket. */
  async close(): Promise<void> {
    clearTimeout(this.alone);
    this.server.close();
    const end = Date.now() + farewellMs;
    while (this.followers.some((follower) => !follower.upToDate) && Date.now() < end) await new Promise((r) => setTimeout(r, 10));
    const closed = [...this.clients.keys()].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once('close', resolve);
          socket.end();
          setTimeout(() => socket.destroy(), Math.max(50, end - Date.now())).unref();
        }),
    );
    await Promise.all(closed);
    await this.place.remove();
  }

  private get followers(): Follower[] {
    return [...this.clients.values()].filter((follower) => follower !== null);
  }

  private async serve(socket: Socket): Promise<void> {
    this.clients.set(socket, null);
    socket.on('error', () => {}); // A client that vanished; `close` follows.
    socket.once('close', () => {
      const followed = this.clients.get(socket) !== null;
      this.clients.delete(socket);
      if (followed) this.watchIdle();
    });
    try {
      for await (const line of linesOf(socket.iterator({ destroyOnReturn: false }))) {
        this.send(socket, await this.answer(line, socket));
        if (socket.writableNeedDrain) await drained(socket);
      }
    } catch (error) {
      this.send(socket, { type: 'reply', id: 0, failure: asFailure(error) });
    } finally {
      socket.destroySoon();
    }
  }

  private async answer(line: string, socket: Socket): Promise<TrainerMessage> {
    let id = 0;
    try {
      const json = parsed(line);
      const given = (json as { id?: unknown } | null)?.id;
      if (Number.isInteger(given)) id = given as number;
      const request = requestOf(json);
      if (request.type === 'follow') this.follow(socket, request.from);
      else await carryOut(request, await this.controls);
      return { type: 'reply', id, failure: null };
    } catch (error) {
      return { type: 'reply', id, failure: asFailure(error) };
    }
  }

  private follow(socket: Socket, from: number): void {
    if (this.clients.get(socket))
      throw new ThawError('usage', l10n.t('This connection follows the run already.'), l10n.t('Open a second connection.'));
    const follower = new Follower(socket, this.eventsFile, from, () => this.newest);
    this.clients.set(socket, follower);
    clearTimeout(this.alone);
    follower.catchUp();
  }

  private send(socket: Socket, message: TrainerMessage): void {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Only who follows looks at the run: others may knock to learn whether it lives. */
  private watchIdle(): void {
    clearTimeout(this.alone);
    const { idle } = this;
    if (!idle || idle.minutes === 0 || this.followers.length > 0 || !this.server.listening) return;
    this.alone = setTimeout(() => idle.end(), idle.minutes * 60_000).unref();
  }
}

async function carryOut(request: Exclude<TrainerRequest, { type: 'follow' }>, run: RunControls): Promise<void> {
  switch (request.type) {
    case 'pause':
      return run.pause();
    case 'continue':
      return run.continue();
    case 'stop':
      return run.stop();
    case 'freeze':
      return run.freeze(request.rules);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new ThawError('usage', l10n.t('A line is not JSON.'), l10n.t('Send one JSON object a line.'), { detail: line.slice(0, 200) });
  }
}

function requestOf(json: unknown): TrainerRequest {
  const request = trainerRequestSchema.safeParse(json);
  if (request.success) return request.data;
  const { message } = request.error;
  throw new ThawError(
    'usage',
    l10n.t('This is not a request that a run understands.'),
    l10n.t('Use the same version of Thaw on both sides.'),
    {
      detail: message,
    },
  );
}
