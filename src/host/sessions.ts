import type { RunConfig } from '../protocol/runConfig';
import type { ChildSettings } from './childEnvironment';
import { type Launching, launchRun } from './runProcess';
import { RunSession } from './runSession';
import { type Disposable, Signal } from './signal';

/** The runs that this window looks at, each once. */
export class Sessions implements Disposable {
  readonly opened = new Signal<RunSession>();
  readonly closed = new Signal<RunSession>();
  private readonly open = new Map<string, Promise<RunSession>>();
  private readonly ready = new Map<string, RunSession>();

  constructor(private readonly settings: () => ChildSettings) {}

  get all(): RunSession[] {
    return [...this.ready.values()];
  }

  find(folder: string): RunSession | undefined {
    return this.ready.get(folder);
  }

  /** @throws ThawError `run.missing`, `run.corrupt`, `config.newer` */
  get(folder: string): Promise<RunSession> {
    let session = this.open.get(folder);
    if (!session) {
      session = RunSession.open(folder).then(
        (opened) => {
          this.ready.set(folder, opened);
          this.opened.fire(opened);
          return opened;
        },
        (error: unknown) => {
          this.open.delete(folder);
          throw error;
        },
      );
      this.open.set(folder, session);
    }
    return session;
  }

  /** Starts a run in a new folder. @throws ThawError */
  async begin(folder: string, config: RunConfig, launching?: Launching): Promise<RunSession> {
    await launchRun({ mode: 'begin', folder, config }, this.settings(), launching);
    return this.get(folder);
  }

  /** Goes on with a run whose process has ended. @throws ThawError */
  async resume(folder: string, launching?: Launching): Promise<RunSession> {
    await launchRun({ mode: 'resume', folder }, this.settings(), launching);
    const session = await this.get(folder);
    await session.attach();
    return session;
  }

  /** Looks at it no longer, as its folder is deleted. */
  forget(folder: string): void {
    const session = this.ready.get(folder);
    this.open.delete(folder);
    this.ready.delete(folder);
    if (!session) return;
    session.dispose();
    this.closed.fire(session);
  }

  dispose(): void {
    for (const session of this.ready.values()) session.dispose();
    this.opened.dispose();
    this.closed.dispose();
  }
}
