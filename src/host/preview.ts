import * as l10n from '@vscode/l10n';
import type { HubAccess, InspectAnswer, ModelFacts } from '../protocol/assistant';
import { isTexts, type Task, type TextTask } from '../protocol/data';
import { canLearn, defaultModel, defaultPreset, defaultTextModel, hasClasses, scratchModel } from '../protocol/defaults';
import { asFailure, type Failure, ThawError } from '../protocol/failure';
import { type LayerNode, withRules } from '../protocol/layers';
import type { PanelState } from '../protocol/panel';
import type { Asked } from './assistantProcess';
import { Estimates } from './estimates';
import { Latest } from './latest';
import { isBusy, loraOf } from './panelState';
import { type Disposable, Signal } from './signal';
import { isRefusal, isShown, ofData, ofModel, type Said, type Standing } from './standing';
import type { TabServices } from './tabServices';

/** Long enough for a number to be typed, or for some boxes to be ticked. */
const settleMs = 300;
/** An estimate keeps all cores busy, and so does what loads models: until the tab shows its pictures, or for so long, both wait. */
const unseenMs = 2500;

/** What is seen before anything is trained: data, model, layers, cost. Each arrives when it is known; none waits for a slow one. */
export class Preview implements Disposable {
  /** The id by which the model was chosen. */
  modelId: string | null = null;
  models: ModelFacts[] = [];
  /** The tree without regard to rules. */
  private tree: LayerNode | null = null;
  private classes = 0;
  private task: Task | null = null;
  /** What somebody has said of the texts that are shown; the rest is found out. */
  private said: Said | null = null;
  /** What they are being read by. */
  private asked: Said | null = null;
  private standing: Standing | null = null;
  /** Whether somebody chose the model: a default gives way when the task turns out to be another. */
  private chosen = false;
  /** Whether it waits with its proposal for data that say what they are for. */
  private waits = false;
  private readonly work = new Latest<'data' | 'model'>();
  private readonly estimates: Estimates;
  private dataTimer: NodeJS.Timeout | null = null;
  private seen = false;
  private readonly shown = new Signal<void>();
  private disposed = false;
  private readonly begun = performance.now();

  constructor(
    private readonly services: TabServices,
    private readonly state: () => PanelState,
    private readonly update: (part: Partial<PanelState>) => void,
  ) {
    const about = () => ({ modelId: this.modelId, classes: this.classes, question: this.question() });
    this.estimates = new Estimates(services, state, update, about);
  }

  /** @param known the model and rules of a run, which stay as they are; a fresh tab takes the defaults */
  load(known: { model: string; classes: number; rules: string[]; texts: Said | null } | null): void {
    if (known) {
      this.classes = known.classes;
      this.asked = this.said = known.texts;
      this.task = known.texts?.task ?? 'image-classification';
      this.chosen = true;
    }
    void this.loadData(async () => {
      await this.pictures();
      if (this.disposed) return;
      if (known) {
        void this.loadModel(known.model, known.rules);
        void this.listModels();
      } else if (!this.chosen) void this.chooseDefault();
    });
  }

  /** @param onKnown called once, when there are pictures to show or there cannot be any */
  async loadData(onKnown?: () => void): Promise<void> {
    const signal = this.work.begin('data');
    const { asked } = this;
    let waiting = onKnown;
    const goOn = () => {
      waiting?.();
      waiting = undefined;
    };
    const show = (checking: boolean) => (answer: InspectAnswer) => {
      if (signal.aborted) return;
      this.said = asked;
      this.update({
        data: { summary: answer.summary, checking, read: answer.read },
        dataFailure: null,
        ...(answer.examples && { examples: answer.examples }),
        ...(answer.rows && { textRows: answer.rows }),
        ...(!checking && this.standing && { refusal: null }),
      });
      if (!checking) this.standing = null;
      this.know(answer.summary.task, answer.summary.classes.length);
      if (checking && this.seen) this.tellSeen();
      goOn();
    };
    try {
      show(false)(await this.services.assistant.ask('inspect', this.question(asked), { signal, onProgress: show(true) }));
      this.estimate();
    } catch (error) {
      if (!signal.aborted) this.unread(asFailure(error));
      if (!this.disposed) goOn();
    }
  }

  /** What the data that are shown are asked for by: the same words lead to the same open file. */
  question(said = this.said): Asked<'inspect'> {
    const { folder, training } = this.state();
    return { path: folder, validationSplit: training.validationSplit, testSplit: training.testSplit, ...said };
  }

  /** Takes somebody's word for what is learned from which columns. */
  say(said: Said): void {
    const state = this.state();
    const { task, classes, modelId, chosen, tree } = this;
    if (state.refusal && !this.standing && isShown(said, state)) {
      this.update({ refusal: null });
      return;
    }
    this.standing ??= { said: this.said, task, classes, modelId, chosen, tree, state };
    this.asked = said;
    void this.loadData();
  }

  /** What was said does not fit, and what stood before comes back; or the data cannot be read at all. */
  private unread(failure: Failure): void {
    const { data, phase } = this.state();
    const { asked, standing } = this;
    if (standing?.state.data && asked && isRefusal(failure) && !isBusy(phase)) this.restore(standing, { ...asked, failure });
    else this.update({ dataFailure: failure, data: data && { ...data, checking: false } });
  }

  private restore(before: Standing, refusal: PanelState['refusal']): void {
    this.standing = null;
    this.asked = this.said = before.said;
    const isModelOther = this.task !== before.task || this.classes !== before.classes;
    const isModelChosen = this.chosen && (!before.chosen || this.modelId !== before.modelId);
    const { state } = before;
    if (isModelOther && !isModelChosen && (state.layers || state.modelFailure)) {
      this.work.begin('model');
      Object.assign(this, { task: before.task, classes: before.classes, modelId: before.modelId, tree: before.tree });
      this.update({ ...ofData(state), ...ofModel(state), refusal });
    } else {
      this.update({ ...ofData(state), refusal });
      if (state.data) this.know(state.data.summary.task, state.data.summary.classes.length);
    }
    const { validationSplit, testSplit } = state.training;
    const now = this.state().training;
    if (state.data?.checking || now.validationSplit !== validationSplit || now.testSplit !== testSplit) void this.loadData();
    else this.estimate();
  }

  /** Splits have changed: looks again when no more changes come. */
  loadDataSoon(): void {
    if (this.dataTimer) clearTimeout(this.dataTimer);
    this.dataTimer = setTimeout(() => void this.loadData(), settleMs);
  }

  /**
   * @param rules what learns; the default for that model when absent
   * @param hub present: the model may be looked at on the hub
   */
  async loadModel(id: string, rules?: string[], hub?: HubAccess): Promise<void> {
    this.modelId = id;
    const signal = this.work.begin('model');
    const { task } = this;
    if (task === null || (hasClasses(task) && this.classes < 2)) return; // a head needs its classes: `know` comes back here
    const lora = rules ? loraOf(this.state()) : null;
    try {
      const answer = await this.services.assistant.ask('layers', { model: id, ...this.head(task), ...(lora && { lora }), hub }, { signal });
      if (signal.aborted) return;
      const wanted = defaultPreset(answer.facts, task);
      const preset = answer.presets.find(({ name }) => name === wanted) ?? answer.presets[0];
      const chosen = rules ?? preset?.rules ?? [];
      this.tree = answer.root;
      this.update({
        model: answer.facts,
        modelFailure: null,
        presets: answer.presets,
        layers: withRules(answer.root, chosen),
        rules: chosen,
        ...(!lora && { lora: null }),
      });
      this.estimate();
    } catch (error) {
      if (!signal.aborted) this.update({ modelFailure: asFailure(error), layers: null, cost: null });
    }
  }

  /** Opens the model again, or proposes one where there was none. */
  async retryModel(): Promise<void> {
    if (this.modelId === null) await this.chooseDefault();
    else await this.loadModel(this.modelId);
  }

  /** A model that somebody chose: it stays, whatever the task turns out to be. */
  async choose(...[id, rules, hub]: Parameters<Preview['loadModel']>): Promise<void> {
    this.chosen = true;
    await this.loadModel(id, rules, hub);
  }

  /** The tree as it stands under the rules. */
  layersUnder(rules: readonly string[]): LayerNode | null {
    return this.tree && withRules(this.tree, rules);
  }

  /** What a run would cost, once nothing has changed for a moment. */
  estimate(): void {
    const unseen = this.seen ? 0 : this.begun + unseenMs - performance.now();
    this.estimates.after(Math.max(settleMs, unseen));
  }

  /** The tab shows its first pictures. */
  isSeen(): void {
    if (this.seen) return;
    this.seen = true;
    this.tellSeen();
    this.shown.fire();
    if (this.estimates.isDue) this.estimate();
  }

  /** Checking files may begin; by itself it does so after a while. */
  private tellSeen(): void {
    void this.services.assistant.ask('seen', {}).catch(() => {});
  }

  async listModels(): Promise<ModelFacts[]> {
    const { runsFolder } = this.services.settings(this.state().folder);
    this.models = await this.services.assistant.ask('models', { runsFolder });
    return this.models;
  }

  dispose(): void {
    this.disposed = true;
    this.work.dispose();
    this.estimates.dispose();
    this.shown.fire();
    if (this.dataTimer) clearTimeout(this.dataTimer);
  }

  /** Pictures first: who makes them is busy for a while when it loads what knows models. */
  private async pictures(): Promise<void> {
    const left = this.begun + unseenMs - performance.now();
    if (this.seen || this.disposed || left <= 0 || this.task !== 'image-classification' || !this.state().data) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, left);
      this.shown.on(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private async chooseDefault(): Promise<void> {
    this.waits = this.task === null;
    if (this.waits) return; // data that cannot be read: what fits pictures need not fit them
    const signal = this.work.begin('model');
    try {
      const models = await this.listModels();
      if (this.chosen || signal.aborted) return; // meanwhile: somebody was quick, a run has turned up, or what stood is back
      const { task } = this;
      if (task === null) return;
      const usable = models.filter((model) => canLearn(model, task));
      const named = (id: string) => usable.find((model) => model.id === id);
      const isText = isTexts(task);
      const chosen = isText
        ? (named(defaultTextModel) ?? usable.find(({ source }) => source !== 'run'))
        : (named(defaultModel) ?? named(scratchModel));
      if (chosen && !this.state().model) this.update({ model: chosen });
      if (chosen || !isText) await this.loadModel(chosen?.id ?? scratchModel);
      else throw noModel();
    } catch (error) {
      if (!signal.aborted) this.update({ modelFailure: asFailure(error) });
    }
  }

  private know(task: Task, classes: number): void {
    const before = this.task;
    if (task === before && (classes === this.classes || !hasClasses(task))) return;
    this.task = task;
    this.classes = classes;
    if (!this.chosen && (this.waits || (before !== null && before !== task))) {
      this.update({ model: null, layers: null, modelFailure: null });
      void this.chooseDefault();
    } else if (this.modelId !== null) void this.loadModel(this.modelId, this.tree && task === before ? this.state().rules : undefined);
  }

  private head(task: Task): { classes: number; task?: TextTask } {
    if (task === 'image-classification') return { classes: this.classes };
    return { classes: hasClasses(task) ? this.classes : 0, task };
  }
}

function noModel(): ThawError {
  return new ThawError(
    'model.missing',
    l10n.t('No model that can learn this task is here yet.'),
    l10n.t('Choose one with Change model…: from the hub, or from a folder.'),
  );
}
