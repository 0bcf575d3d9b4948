import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { liveProcess, type RunContents, readRun } from '../core/runs';
import { type RunEvent, type RunState, stateAfter } from '../protocol/events';
import { asFailure, ThawError } from '../protocol/failure';
import { runFiles } from '../protocol/paths';
import type { Prediction } from '../protocol/report';
import type { RunRecord } from '../protocol/runConfig';
import { LogTail } from './logTail';
import { RunClient } from './runClient';
import { type Disposable, Signal } from './signal';

/** `ended`: it neither finished nor is a process there. */
export type SessionState = RunState | 'ended';

const logLines = 500;
/** Between attempts to reach a process that lives but does not take the connection, or that listens nowhere. */
const retryMs = 1000;

/**
 * One run as this window sees it: its history from disk, then its process as long as that lives. The tab, the views and
 * the status bar share it. It never ends the run.
 */
export class RunSession implements Disposable {
  /** What came since the last time; all events there are after a `reset`. */
  readonly changed = new Signal<{ reset: boolean; events: RunEvent[] }>();
  readonly stateChanged = new Signal<SessionState>();
  readonly logged = new Signal<string[]>();
  events: RunEvent[] = [];
  record: RunRecord;
  predictions: Prediction[];
  log: string[] = [];
  state: SessionState = 'preparing';
  private client: RunClient | null = null;
  private tail: LogTail | null = null;
  private retry: NodeJS.Timeout | null = null;
  private disposed = false;

  private constructor(
    readonly folder: string,
    contents: RunContents,
  ) {
    this.record = contents.record;
    this.predictions = contents.predictions;
    this.events = contents.events;
    this.state = contents.events.reduce<RunState>(stateAfter, 'preparing');
  }

  /** @throws ThawError `run.missing`, `run.corrupt`, `config.newer` */
  static async open(folder: string): Promise<RunSession> {
    const session = new RunSession(folder, await readRun(folder));
    await session.attach();
    return session;
  }

  get title(): string {
    return path.basename(this.record.config.data.path);
  }
  get live(): boolean {
    return this.client !== null || this.retry !== null;
  }
  get epochs(): number {
    return this.record.config.phases.reduce((sum, phase) => sum + phase.epochs, 0);
  }

  /** Connects to the process of the run if there is one; else settles what became of the run. */
  async attach(): Promise<void> {
    if (this.disposed || this.client || this.retry) return;
    const running = await liveProcess(this.folder);
    await this.reload(); // a resumed run drops the events after its checkpoint
    if (!running) {
      this.tail?.dispose();
      this.tail = null;
      if (this.state === 'preparing' || this.state === 'training') this.setState('ended');
      return;
    }
    this.tail ??= new LogTail(path.join(this.folder, runFiles.log), (lines) => this.addLog(lines));
    try {
      // A run in a terminal listens nowhere: its file is read again and again.
      if (!running.address) throw new Error('listens nowhere');
      const client = await RunClient.connect(running.address);
      this.client = client;
      client.events.on((events) => this.take(events));
      client.closed.on(() => void this.lost(client));
      // The last known event comes again, to show whether the history is still the same.
      await client.request({ type: 'follow', from: Math.max(1, this.events.length) });
    } catch {
      if (!this.client) this.tryLater();
    }
  }

  /** @throws ThawError what the run refused it with; `run.busy` when it runs where it takes no orders */
  async request(order: { type: 'pause' } | { type: 'continue' } | { type: 'stop' } | { type: 'freeze'; rules: string[] }): Promise<void> {
    if (!this.client) {
      if (this.live)
        throw new ThawError(
          'run.busy',
          l10n.t('This run belongs to a terminal.'),
          l10n.t('Stop it there with Ctrl+C, then resume it here.'),
          {
            path: this.folder,
          },
        );
      throw new ThawError(
        'process.died',
        l10n.t('The training process has ended.'),
        l10n.t('Resume the run to go on from its last checkpoint.'),
      );
    }
    await this.client.request(order);
  }

  dispose(): void {
    this.disposed = true;
    this.client?.dispose();
    this.tail?.dispose();
    if (this.retry) clearTimeout(this.retry);
    this.changed.dispose();
    this.stateChanged.dispose();
    this.logged.dispose();
  }

  private async lost(client: RunClient): Promise<void> {
    client.dispose();
    if (this.client === client) this.client = null;
    await this.attach();
  }

  private tryLater(): void {
    if (this.disposed || this.retry) return;
    this.retry = setTimeout(() => {
      this.retry = null;
      void this.attach();
    }, retryMs);
  }

  /** Reads the run folder again, and says what is new in it. */
  private async reload(): Promise<void> {
    try {
      const { record, events, predictions } = await readRun(this.folder);
      this.record = record;
      this.predictions = predictions;
      const last = this.events.at(-1);
      const goesOn = !last || events[last.seq - 1]?.time === last.time;
      const fresh = goesOn ? events.slice(this.events.length) : events;
      if (fresh.length || !goesOn) this.events = events; // else the socket was quicker than the disk
      if (fresh.length || !goesOn) this.tell(!goesOn, fresh);
    } catch (error) {
      this.addLog([asFailure(error).message]); // the folder was deleted, or cannot be read any more
    }
  }

  /** Events from the process, in order; they may begin with some that are known. */
  private take(events: readonly RunEvent[]): void {
    const known = events.filter((event) => event.seq <= this.events.length);
    const fresh = events.slice(known.length);
    const differs = known.some((event) => this.events[event.seq - 1]?.time !== event.time);
    if (differs || (fresh[0] && fresh[0].seq !== this.events.length + 1)) {
      void this.reload();
      return;
    }
    if (fresh.length === 0) return;
    this.events.push(...fresh);
    // Predictions are on disk before `finished` is said.
    if (fresh.some((event) => event.type === 'finished')) void this.readPredictions().then(() => this.tell(false, fresh));
    else this.tell(false, fresh);
  }

  private async readPredictions(): Promise<void> {
    this.predictions = await readRun(this.folder).then(
      (contents) => contents.predictions,
      () => [],
    );
  }

  private tell(reset: boolean, events: RunEvent[]): void {
    this.changed.fire({ reset, events });
    this.setState(this.events.reduce<RunState>(stateAfter, 'preparing'));
  }

  private setState(state: SessionState): void {
    if (state === this.state) return;
    this.state = state;
    this.stateChanged.fire(state);
  }

  private addLog(lines: string[]): void {
    this.log = [...this.log, ...lines].slice(-logLines);
    this.logged.fire(lines);
  }
}
