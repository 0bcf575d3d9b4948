import path from 'node:path';
import { columnsIn } from '../protocol/columns';
import { type ColumnMap, type TextTask, textTaskSchema } from '../protocol/data';
import { defaultEpochs, defaultLearningRate, hasClasses } from '../protocol/defaults';
import type { RunEvent } from '../protocol/events';
import type { PanelPhase, PanelState, TrainingFields } from '../protocol/panel';
import { type LoraConfig, loraSchema, type RunConfig, type RunConfigInput, runConfigSchema } from '../protocol/runConfig';

/** What adapters are like unless somebody says otherwise. */
export const defaultLora: LoraConfig = loraSchema.parse({});

/** Settings of VS Code that go into every run. */
export interface RunSettings {
  readonly runsFolder: string;
  readonly engine: RunConfig['engine'];
  readonly device: RunConfig['device'];
  readonly threads: number;
  readonly idleMinutes: number;
}

export function initialState(folder: string, trusted: boolean): PanelState {
  return {
    title: path.basename(folder),
    folder,
    trusted,
    phase: 'loading',
    data: null,
    dataFailure: null,
    refusal: null,
    examples: [],
    textRows: [],
    cut: [],
    model: null,
    modelFailure: null,
    layers: null,
    rules: [],
    presets: [],
    lora: null,
    training: initialFields(),
    cost: null,
    run: null,
    failure: null,
    predictions: [],
    trial: null,
    log: [],
  };
}

/** What the configuration itself says where nobody has said anything. */
function initialFields(): TrainingFields {
  const learningRate = defaultLearningRate('head', 'adamw', { source: 'bundled' });
  return fieldsOf(runConfigSchema.parse({ data: { path: '.' }, phases: [{ epochs: defaultEpochs, learningRate, rules: [] }] }));
}

export function fieldsOf(config: RunConfig): TrainingFields {
  return {
    epochs: config.phases.reduce((sum, phase) => sum + phase.epochs, 0),
    batchSize: config.batchSize,
    learningRate: config.phases[0]?.learningRate ?? defaultLearningRate('head', config.optimizer.name, { source: 'bundled' }),
    augmentation: config.augmentation,
    earlyStopping: config.earlyStopping,
    maxLength: config.maxLength ?? 0,
    longTexts: config.longTexts,
    prefix: config.data.prefix ?? '',
    optimizer: config.optimizer.name,
    weightDecay: config.optimizer.weightDecay,
    labelSmoothing: config.labelSmoothing,
    gradientClipping: config.gradientClipping,
    gradientAccumulation: config.gradientAccumulation,
    classWeights: config.classWeights,
    schedule: config.schedule.name,
    warmup: config.schedule.warmup,
    validationSplit: config.data.validationSplit,
    testSplit: config.data.testSplit,
    seed: config.seed,
    loraRank: config.lora?.rank ?? defaultLora.rank,
    loraAlpha: config.lora?.alpha ?? defaultLora.alpha,
  };
}

/** The configuration of a run as the tab stands, not yet checked. */
export function configOf(state: PanelState, modelId: string, settings: RunSettings): RunConfigInput {
  const fields = state.training;
  const { validationSplit, testSplit } = fields;
  const texts = textsOf(state);
  const lora = loraOf(state);
  return {
    data: { path: state.folder, ...texts, ...prefixOf(state), validationSplit, testSplit },
    model: modelId,
    phases: [{ epochs: fields.epochs, learningRate: fields.learningRate, rules: state.rules }],
    batchSize: fields.batchSize,
    optimizer: { name: fields.optimizer, weightDecay: fields.weightDecay },
    schedule: { name: fields.schedule, warmup: fields.warmup },
    augmentation: texts ? 'none' : fields.augmentation,
    ...(texts && fields.maxLength > 0 && { maxLength: fields.maxLength }),
    ...(texts && hasClasses(texts.task) && { longTexts: fields.longTexts }),
    labelSmoothing: texts && !hasClasses(texts.task) ? 0 : fields.labelSmoothing,
    gradientClipping: fields.gradientClipping,
    gradientAccumulation: fields.gradientAccumulation,
    classWeights: fields.classWeights,
    earlyStopping: fields.earlyStopping,
    ...(lora && { lora }),
    seed: fields.seed,
    engine: settings.engine,
    device: settings.device,
    threads: settings.threads,
    idleMinutes: settings.idleMinutes,
  };
}

/** Whose tokens of texts are shown, and how it reads them. */
export interface Reader {
  readonly model: string;
  readonly maxLength?: number;
  readonly prefix?: string;
}

/** As the next run would read its texts; null while no model is chosen. */
export function readerOf(state: PanelState): Reader | null {
  const { model, training } = state;
  if (!model) return null;
  const most = [training.maxLength, model.maxLength ?? 0].filter((length) => length > 0);
  return { model: model.id, ...(most.length > 0 && { maxLength: Math.min(...most) }), ...prefixOf(state) };
}

/** Other tasks have no sources that something could stand before. */
function prefixOf({ data, training: { prefix } }: PanelState): { prefix?: string } {
  return data?.summary.task === 'text-to-text' && prefix !== '' ? { prefix } : {};
}

/** Adapters as they are asked for; null for none. */
export function loraOf({ lora, training }: Pick<PanelState, 'lora' | 'training'>): LoraConfig | null {
  return lora && { ...lora, rank: training.loraRank, alpha: training.loraAlpha };
}

/** The task and the columns of texts as they are shown; null for pictures. */
export function textsOf({ data }: Pick<PanelState, 'data'>): { task: TextTask; columns: ColumnMap } | null {
  const task = textTaskSchema.safeParse(data?.summary.task);
  return data && task.success ? { task: task.data, columns: columnsIn(data.summary) } : null;
}

/** What a run was begun with of texts; null for pictures. */
export function saidOf({ data }: RunConfig): { task: TextTask; columns: ColumnMap } | null {
  const task = textTaskSchema.safeParse(data.task);
  return task.success ? { task: task.data, columns: data.columns ?? {} } : null;
}

/** The rules in force after these events; null where they don't say. */
export function rulesAfter(events: readonly RunEvent[]): string[] | null {
  const last = events.findLast((event) => event.type === 'phase' || event.type === 'freeze');
  return last?.type === 'phase' || last?.type === 'freeze' ? last.trainable : null;
}

/** Whether a run in this tab is at work, so that data, model and fields stay as they are. */
export function isBusy(phase: PanelPhase): boolean {
  return phase === 'starting' || isAtWork(phase);
}

/** Whether there is a run that can still be influenced. */
export function isAtWork(phase: PanelPhase): boolean {
  return phase === 'preparing' || phase === 'training' || phase === 'paused';
}

export function sameRules(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((rule, i) => rule === b[i]);
}
