import { availableParallelism } from 'node:os';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { newRunFolder } from '../core/runs';
import { canLearn, defaultLearningRate, defaultPreset } from '../protocol/defaults';
import { asFailure } from '../protocol/failure';
import type { FromPanel, PanelState, ToPanel, TrainingFields } from '../protocol/panel';
import { toggled } from '../protocol/rules';
import { optimizerSchema, type Preset, runConfigSchema } from '../protocol/runConfig';
import { configOf, defaultLora, fieldsOf, initialState, isAtWork, isBusy, readerOf, saidOf, sameRules } from './panelState';
import { Preview } from './preview';
import { RowsAhead } from './rowsAhead';
import type { RunSession } from './runSession';
import { type Disposable, Signal } from './signal';
import { isInside, openFile } from './tabFiles';
import { TabRun } from './tabRun';
import type { Picture, TabServices } from './tabServices';
import { TextPages } from './textPages';
import { ThumbnailQueue } from './thumbnailQueue';
import { Trials } from './trials';

/** Pictures made before the view can ask for them: few where there are few cores, which are busy with the view. */
const firstPictures = Math.min(96, 8 * availableParallelism());

/** What an editor tab shows and does, without the editor: a folder of data, and the run in it once there is one. */
export class Tab implements Disposable {
  /** For the webview. */
  readonly posted = new Signal<ToPanel>();
  /** The keys of the state that have changed. */
  readonly changed = new Signal<Partial<PanelState>>();
  state: PanelState;
  private readonly preview: Preview;
  private readonly thumbnails: ThumbnailQueue;
  /** Until somebody types a learning rate, it follows what learns. */
  private learningRateByHand = false;
  private readonly run: TabRun;
  private readonly rows: RowsAhead;
  private readonly texts: TextPages;
  private readonly trials: Trials;

  constructor(
    readonly folder: string,
    private readonly services: TabServices,
  ) {
    this.state = initialState(folder, services.trusted());
    this.preview = new Preview(
      services,
      () => this.state,
      (part) => {
        const first = this.state.examples.length === 0 ? part.examples : undefined;
        this.update(part);
        if (first) this.thumbnails.begin(first.slice(0, firstPictures).map((row) => row.path));
        if (part.rules) this.followLearningRate();
        this.settle();
      },
    );
    this.run = new TabRun(services, {
      state: () => this.state,
      update: (part) => this.update(part),
      post: (message) => this.posted.fire(message),
      showRules: (rules) => this.showRules(rules),
      estimate: () => this.preview.estimate(),
    });
    this.rows = new RowsAhead(
      (part) => this.posted.fire({ type: 'state', state: part }),
      () => this.state,
    );
    this.texts = new TextPages(
      services.assistant,
      () => this.preview.question(),
      () => readerOf(this.state),
      (message) => this.posted.fire(message),
    );
    this.trials = new Trials(
      services.assistant,
      () => this.session && { path: this.session.folder },
      (part) => this.update(part),
    );
    this.thumbnails = new ThumbnailQueue(folder, services.assistant, (images) => this.posted.fire({ type: 'thumbnails', images }));
  }

  /** The run that it shows. */
  get session(): RunSession | null {
    return this.run.session;
  }

  /** Looks at the data, and chooses a model. */
  open(): void {
    this.preview.load(null);
  }

  /** Shows a run that began before. */
  openRun(session: RunSession): void {
    const { config, classes } = session.record;
    this.learningRateByHand = true;
    const rules = config.phases[0]?.rules ?? [];
    this.update({ training: fieldsOf(config), rules, lora: config.lora ?? null });
    this.run.adopt(session);
    this.preview.load({ model: config.model, classes: classes.length, rules: this.state.rules, texts: saidOf(config) });
  }

  async handle(message: FromPanel): Promise<void> {
    const { ui } = this.services;
    switch (message.type) {
      case 'ready':
        return this.tell();
      case 'seen':
        this.thumbnails.seen();
        this.preview.isSeen();
        return this.rows.seen();
      case 'thumbnails':
        return this.thumbnails.want(message.paths.filter((name) => isInside(this.folder, path.resolve(this.folder, name))));
      case 'rows':
        this.preview.isSeen();
        return this.texts.rows(message);
      case 'tokens':
        return this.texts.tokens(message);
      case 'columns':
        if (isBusy(this.state.phase)) return this.update({ data: this.state.data }); // puts the field back
        return this.preview.say({ task: message.task, columns: message.columns });
      case 'changeModel':
        return this.changeModel();
      case 'preset':
        return this.setPreset(message.name);
      case 'toggle':
        return this.toggle(message.layer, message.on);
      case 'training':
        return this.setTraining(message.fields);
      case 'start':
        return this.start();
      case 'pause':
        return this.run.order({ type: 'pause' });
      case 'resume':
        return this.resume();
      case 'stop':
        return this.stop();
      case 'openFile':
        return openFile(message.path, this.state.run ? [this.folder, this.state.run.path] : [this.folder], ui);
      case 'openRunFolder':
        return this.state.run ? ui.openFolder(this.state.run.path) : undefined;
      case 'showLog':
        return ui.showLog();
      case 'manageTrust':
        return ui.manageTrust();
      case 'installTensorflow':
        return ui.installTensorflow();
      case 'retry':
        return this.retry();
      case 'tryText':
        return this.trials.text(message);
      case 'write':
        return this.trials.write(message);
      case 'stopWriting':
        return this.trials.stopWriting();
      case 'try':
        return this.tryPicture(message.bytes && { name: message.name, bytes: message.bytes });
    }
  }

  /** Tells a view that knows nothing everything; for pictures it asks. */
  tell(): void {
    this.thumbnails.clear();
    this.rows.attach();
    this.run.tell();
  }

  /** Ticks or clears the box of a layer, from the tab or from the side bar. */
  toggle(layer: string, on: boolean): Promise<void> {
    return this.setRules(toggled(this.state.rules, layer, on));
  }

  reveal(layer: string): void {
    this.posted.fire({ type: 'reveal', layer });
  }

  trust(): void {
    this.update({ trusted: this.services.trusted() });
    this.preview.estimate();
  }

  stop(): Promise<void> {
    return this.run.stop();
  }

  async resume(): Promise<void> {
    if (this.services.trusted()) await this.run.resume();
  }

  dispose(): void {
    this.run.dispose();
    this.rows.dispose();
    this.preview.dispose();
    this.thumbnails.clear();
    this.thumbnails.dispose();
    this.texts.dispose();
    this.trials.dispose();
    this.posted.dispose();
    this.changed.dispose();
  }

  private async start(): Promise<void> {
    const { data, layers, phase } = this.state;
    if (!this.services.trusted() || !data || !layers || this.preview.modelId === null || isBusy(phase)) return;
    if (this.state.model?.source === 'hub') {
      const message = l10n.t('The weights of {0} are not here yet.', this.state.model.id);
      this.services.ui.showFailure({ code: 'model.missing', message, hint: l10n.t('Start when the download has ended.') });
      return;
    }
    const settings = this.services.settings(this.folder);
    const config = runConfigSchema.safeParse(configOf(this.state, this.preview.modelId, settings));
    if (!config.success) {
      const message = config.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n');
      this.update({
        phase: 'failed',
        failure: { code: 'config.invalid', message, hint: l10n.t('Correct these fields, then start again.') },
      });
      return;
    }
    await this.run.begin(newRunFolder(settings.runsFolder, this.state.title), config.data);
  }

  /** Adapters come and go with their preset, as long as there is no run. */
  private async setPreset(name: Preset): Promise<void> {
    const { phase, presets, rules, lora, model } = this.state;
    const found = presets.find((preset) => preset.name === name)?.rules ?? rules;
    const isSame = (name === 'lora') === (lora !== null);
    if (isSame || (isAtWork(phase) && lora)) return this.setRules(found);
    if (isBusy(phase) || this.preview.modelId === null) return this.showRules(rules); // puts the choice back
    const own = name === 'lora' ? model?.lora : undefined; // an adapter that learns on is as it is
    const training = own ? { ...this.state.training, loraRank: own.rank, loraAlpha: own.alpha } : this.state.training;
    this.update({ lora: name === 'lora' ? (own ?? defaultLora) : null, training });
    await this.preview.loadModel(this.preview.modelId, found, model?.source === 'hub' ? await this.services.hub() : undefined);
  }

  private async setRules(rules: string[]): Promise<void> {
    const { phase } = this.state;
    if (phase === 'starting' || (isAtWork(phase) && !this.session?.live)) return this.showRules(this.state.rules); // puts the box back
    const before = this.state.rules;
    this.showRules(rules);
    if (!isAtWork(phase)) {
      this.followLearningRate();
      this.preview.estimate();
      return;
    }
    await this.run.freeze(rules, before);
  }

  private showRules(rules: string[]): void {
    this.update({ rules, layers: this.preview.layersUnder(rules) ?? this.state.layers });
  }

  /** The rate that suits the preset in force, as long as nobody chose one. */
  private followLearningRate(): void {
    const { model, presets, rules, training } = this.state;
    if (this.learningRateByHand || !model) return;
    const preset: Preset =
      presets.find((candidate) => sameRules(candidate.rules, rules))?.name ?? defaultPreset(model, this.state.data?.summary.task);
    const learningRate = defaultLearningRate(preset, training.optimizer, model);
    if (learningRate !== training.learningRate) this.update({ training: { ...training, learningRate } });
  }

  private setTraining(fields: Partial<TrainingFields>): void {
    const before = this.state.training;
    if (isBusy(this.state.phase)) {
      this.update({ training: before }); // puts the field back
      return;
    }
    const training = { ...before, ...fields };
    if (fields.learningRate !== undefined && fields.learningRate !== before.learningRate) this.learningRateByHand = true;
    if (training.optimizer !== before.optimizer && fields.weightDecay === undefined)
      training.weightDecay = optimizerSchema.parse({ name: training.optimizer }).weightDecay;
    this.update({ training });
    this.followLearningRate();
    if (this.state.lora && training.loraRank !== before.loraRank && this.preview.modelId !== null)
      void this.preview.loadModel(this.preview.modelId, this.state.rules);
    if (training.validationSplit !== before.validationSplit || training.testSplit !== before.testSplit) this.preview.loadDataSoon();
    else this.preview.estimate();
  }

  private async changeModel(): Promise<void> {
    if (isBusy(this.state.phase)) return;
    try {
      const models = await this.preview.listModels();
      const task = this.state.data?.summary.task ?? 'image-classification';
      const picked = await this.services.ui.pickModel(
        models.filter((model) => canLearn(model, task)),
        this.preview.modelId ?? '',
        task,
      );
      if (picked === undefined || isBusy(this.state.phase)) return;
      this.learningRateByHand = false;
      if (picked.onHub) await this.fetchModel(picked.id);
      else await this.preview.choose(picked.id);
    } catch (error) {
      this.services.ui.showFailure(asFailure(error));
    }
  }

  /** Shows a model of the hub by the header of its weights while these come. Without them, the one before comes back. */
  private async fetchModel(id: string): Promise<void> {
    const before = this.preview.modelId;
    const shown = this.preview.choose(id, undefined, await this.services.hub());
    const isHere = await this.services.ui.downloadModel(id);
    await shown;
    if (this.preview.modelId !== id) return; // another was chosen meanwhile
    if (isHere) await this.preview.loadModel(id, this.state.model?.id === id && this.state.layers ? this.state.rules : undefined);
    else if (before !== null) await this.preview.loadModel(before);
  }

  private async retry(): Promise<void> {
    const { phase, dataFailure, modelFailure } = this.state;
    if (dataFailure) {
      this.update({ dataFailure: null });
      await this.preview.loadData();
    } else if (modelFailure) {
      this.update({ modelFailure: null });
      await this.preview.retryModel();
    } else if (phase === 'failed' || phase === 'ended') await (this.session ? this.resume() : this.start());
  }

  /** @param dropped null to choose a file */
  private async tryPicture(dropped: Pick<Picture, 'name' | 'bytes'> | null): Promise<void> {
    const picture = this.state.run && (dropped ?? (await this.services.ui.pickPicture()));
    if (!picture) return;
    const bytes = new Uint8Array(picture.bytes);
    const asked = this.trials.picture({ name: picture.name, bytes });
    this.posted.fire({ type: 'trialPicture', bytes });
    await asked;
  }

  /** Loading is over when data and model are there, or cannot be. */
  private settle(): void {
    const { phase, data, dataFailure, layers, modelFailure } = this.state;
    if (phase === 'loading' && (dataFailure || (data && (layers || modelFailure)))) this.update({ phase: 'ready' });
    else if (phase === 'ready' && !data && !dataFailure) this.update({ phase: 'loading' });
  }

  private update(part: Partial<PanelState>): void {
    this.state = { ...this.state, ...part };
    this.changed.fire(part);
    this.rows.send(part);
  }
}
