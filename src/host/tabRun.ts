import { asFailure } from '../protocol/failure';
import type { PanelState, ToPanel } from '../protocol/panel';
import type { RunConfig } from '../protocol/runConfig';
import { isBusy, rulesAfter, sameRules } from './panelState';
import type { Launching } from './runProcess';
import type { RunSession } from './runSession';
import type { Disposable } from './signal';
import type { TabServices } from './tabServices';

/** The tab that a run is shown in. */
export interface RunTab {
  state(): PanelState;
  update(part: Partial<PanelState>): void;
  post(message: ToPanel): void;
  showRules(rules: string[]): void;
  /** What another run would cost can be found out again. */
  estimate(): void;
}

/** The run in a tab: brings it about, takes over what it says, and carries orders to it. */
export class TabRun implements Disposable {
  session: RunSession | null = null;
  private launching: AbortController | null = null;
  /** Rules asked of the run that it has not confirmed. */
  private asked: string[] | null = null;
  private readonly subscriptions: Disposable[] = [];

  constructor(
    private readonly services: Pick<TabServices, 'sessions' | 'ui'>,
    private readonly tab: RunTab,
  ) {}

  /** Begins a run in a new folder; the one before is shown no longer. */
  async begin(folder: string, config: RunConfig): Promise<void> {
    this.release();
    this.tab.update({ run: null, predictions: [], trial: null, log: [] });
    this.tab.post({ type: 'events', reset: true, events: [] });
    await this.launch((launching) => this.services.sessions.begin(folder, config, launching));
  }

  /** Shows a run from now on. */
  adopt(session: RunSession): void {
    this.release();
    this.session = session;
    this.tab.update({ run: { path: session.folder, id: session.record.id }, log: session.log });
    this.follow(session.events);
    this.tell();
    this.subscriptions.push(
      session.changed.on(({ reset, events }) => {
        this.tab.post({ type: 'events', reset, events: reset ? session.events : events });
        this.follow(events);
      }),
      session.stateChanged.on(() => this.follow([])),
      session.logged.on(() => this.tab.update({ log: session.log })),
    );
  }

  /** Tells the view everything that has happened in the run. */
  tell(): void {
    if (this.session) this.tab.post({ type: 'events', reset: true, events: this.session.events });
  }

  /** Goes on with a run that stands still: its process is told so, or another takes its place. */
  async resume(): Promise<void> {
    const { session } = this;
    if (!session) return;
    if (session.live) await this.order({ type: 'continue' });
    else await this.launch((launching) => this.services.sessions.resume(session.folder, launching));
  }

  async stop(): Promise<void> {
    if (this.launching) this.launching.abort();
    else await this.order({ type: 'stop' });
  }

  async order(order: Parameters<RunSession['request']>[0]): Promise<void> {
    try {
      await this.session?.request(order);
    } catch (error) {
      this.services.ui.showFailure(asFailure(error));
    }
  }

  /** Asks for other rules in the middle of the run. @param before shown again where that fails */
  async freeze(rules: string[], before: string[]): Promise<void> {
    this.asked = rules;
    try {
      await this.session?.request({ type: 'freeze', rules });
    } catch (error) {
      this.asked = null;
      this.tab.showRules(before);
      this.services.ui.showFailure(asFailure(error));
    }
  }

  dispose(): void {
    this.launching?.abort();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private async launch(begin: (launching: Launching) => Promise<RunSession>): Promise<void> {
    if (this.launching) return;
    this.launching = new AbortController();
    this.tab.update({ phase: 'starting', failure: null, prepared: null });
    try {
      const { signal } = this.launching;
      const session = await begin({ signal, onPrepared: (prepared) => this.tab.update({ prepared }) });
      this.launching = null;
      this.adopt(session);
    } catch (error) {
      this.launching = null;
      const failure = asFailure(error);
      if (failure.code !== 'interrupted') this.tab.update({ phase: 'failed', failure });
      else this.tab.update({ phase: this.session?.state ?? 'ready' });
    }
  }

  private release(): void {
    for (const subscription of this.subscriptions.splice(0)) subscription.dispose();
    this.session = null;
    this.asked = null;
  }

  /** Takes over what the run's events say about the tab. */
  private follow(events: RunSession['events']): void {
    const { session } = this;
    if (!session) return;
    const rules = rulesAfter(events);
    if (rules && this.asked && sameRules(rules, this.asked)) this.asked = null;
    if (rules && !this.asked && !sameRules(rules, this.tab.state().rules)) this.tab.showRules(rules);
    const state = this.tab.state();
    const last = session.events.at(-1);
    const failure = last?.type === 'failed' ? last.error : null;
    const part: Partial<PanelState> = {};
    if (session.state !== state.phase && !this.launching) part.phase = session.state;
    if (failure !== state.failure) part.failure = failure;
    if (session.predictions !== state.predictions) part.predictions = session.predictions;
    if (Object.keys(part).length) this.tab.update(part);
    if (part.phase && !state.cost && !isBusy(part.phase)) this.tab.estimate();
  }
}
