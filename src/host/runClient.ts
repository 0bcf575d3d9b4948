import { connect, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import * as l10n from '@vscode/l10n';
import type { RunEvent } from '../protocol/events';
import { ThawError } from '../protocol/failure';
import { type TrainerRequest, trainerMessageSchema } from '../protocol/trainer';
import { Signal } from './signal';

/** A request without its number. */
type Order = TrainerRequest extends infer R ? (R extends TrainerRequest ? Omit<R, 'id'> : never) : never;

/** A connection to the process of a run: its events in, requests out. */
export class RunClient {
  /** Events in the order of their numbers, as many as came at once. */
  readonly events = new Signal<RunEvent[]>();
  /** The process hung up. Fires once. */
  readonly closed = new Signal<void>();
  private nextId = 1;
  private readonly pending = new Map<number, (failure: ThawError | null) => void>();
  private rest = '';
  private readonly decoder = new StringDecoder('utf8');

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.receive(this.decoder.write(chunk)));
    socket.on('error', () => {}); // `close` follows
    socket.on('close', () => {
      for (const settle of [...this.pending.values()]) settle(gone());
      this.closed.fire();
    });
  }

  /** @throws the system's error when nobody listens there */
  static async connect(address: string): Promise<RunClient> {
    const socket = connect(address);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RunClient(socket);
  }

  /** @throws ThawError what the run refused it with, or `process.died` */
  request(order: Order): Promise<void> {
    if (this.socket.destroyed) return Promise.reject(gone());
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, (failure) => {
        this.pending.delete(id);
        if (failure) reject(failure);
        else resolve();
      });
      this.socket.write(`${JSON.stringify({ id, ...order })}\n`);
    });
  }

  dispose(): void {
    this.events.dispose();
    this.closed.dispose();
    this.socket.destroy();
  }

  private receive(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    const events: RunEvent[] = [];
    for (const line of lines) {
      const message = trainerMessageSchema.safeParse(parseJson(line));
      if (!message.success) continue; // of a newer version: its file is read when the process ends
      if (message.data.type === 'event') events.push(message.data.event);
      else {
        const failure = message.data.failure;
        this.pending.get(message.data.id)?.(failure && new ThawError(failure.code, failure.message, failure.hint, failure));
      }
    }
    if (events.length) this.events.fire(events);
  }
}

function gone(): ThawError {
  return new ThawError(
    'process.died',
    l10n.t('The training process has ended.'),
    l10n.t('Resume the run to go on from its last checkpoint.'),
  );
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
