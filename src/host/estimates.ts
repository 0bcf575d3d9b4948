import { isTexts } from '../protocol/data';
import { hasClasses } from '../protocol/defaults';
import type { PanelState } from '../protocol/panel';
import { runConfigSchema } from '../protocol/runConfig';
import type { Asked } from './assistantProcess';
import { Latest } from './latest';
import { configOf, isBusy, readerOf } from './panelState';
import type { Disposable } from './signal';
import type { TabServices } from './tabServices';

/** What is estimated beside the tab's state. */
export interface Estimated {
  readonly modelId: string | null;
  readonly classes: number;
  /** By which the data that are shown are asked for. */
  readonly question: Asked<'inspect'>;
}

/** What a run would cost, and which texts its model would cut. */
export class Estimates implements Disposable {
  private readonly work = new Latest<'cost' | 'lengths'>();
  /** What the lengths that are shown, or are being counted, belong to. */
  private lengthsOf = '';
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly services: TabServices,
    private readonly state: () => PanelState,
    private readonly update: (part: Partial<PanelState>) => void,
    private readonly about: () => Estimated,
  ) {}

  /** Whether one is going to be made. */
  get isDue(): boolean {
    return this.timer !== null;
  }

  /** Makes one after so many milliseconds, in the place of one that is due sooner. */
  after(milliseconds: number): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.make(), milliseconds);
  }

  dispose(): void {
    this.work.dispose();
    if (this.timer) clearTimeout(this.timer);
  }

  private async make(): Promise<void> {
    this.timer = null;
    const signal = this.work.begin('cost');
    const state = this.state();
    const { modelId, classes, question } = this.about();
    const examples = state.data?.summary.splits.train?.count;
    void this.lookAtLengths(question);
    if (!examples || !state.layers || modelId === null || !state.trusted) return;
    if (isBusy(state.phase)) return; // a probe beside a run would slow it, and measure its own queue
    const config = runConfigSchema.safeParse(configOf(state, modelId, this.services.settings(state.folder)));
    if (!config.success) return; // Start training says what is wrong
    try {
      const texts = isTexts(config.data.data.task) ? { texts: question } : {};
      const cost = await this.services.prober.ask('cost', { config: config.data, examples, classes, ...texts }, { signal });
      if (!signal.aborted) this.update({ cost });
    } catch {
      if (!signal.aborted) this.update({ cost: null }); // an estimate is worth no alarm
    }
  }

  /** Which texts the model would cut, counted beside everything else: a table of a hundred thousand takes some seconds. */
  private async lookAtLengths(data: Asked<'inspect'>): Promise<void> {
    const state = this.state();
    const reader = readerOf(state);
    if (!state.data || state.data.checking || !reader || isBusy(state.phase) || !isTexts(state.data.summary.task)) return;
    const { longTexts } = state.training;
    const { task, fingerprint } = state.data.summary;
    const question = { ...data, ...reader, ...(hasClasses(task) && longTexts !== 'cut' && { longTexts }) };
    const key = JSON.stringify([question, fingerprint]);
    if (key === this.lengthsOf) return;
    this.lengthsOf = key;
    const signal = this.work.begin('lengths');
    if (state.cut.length > 0) this.update({ cut: [] });
    const cut = await this.services.prober.ask('lengths', question, { signal }).catch(() => []); // its tokenizer may not be here
    if (!signal.aborted) this.update({ cut });
  }
}
