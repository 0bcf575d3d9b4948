import * as z from 'zod';
import type { Cost, ModelFacts, TokensAnswer } from './assistant';
import {
  type ColumnMap,
  columnMapSchema,
  type DataSummary,
  type ExampleRow,
  type Problem,
  type RowFilter,
  rowFilterSchema,
  type TextRow,
  type TextTask,
  textTaskSchema,
} from './data';
import type { RunEvent } from './events';
import type { Failure } from './failure';
import { type Generated, generationSchema, turnSchema } from './generation';
import type { LayerNode } from './layers';
import type { Answer, Prediction } from './report';
import {
  augmentations,
  type LoraConfig,
  longTextChoices,
  loraSchema,
  type Preset,
  prefixSchema,
  presetSchema,
  schedules,
} from './runConfig';
import type { Prepared } from './trainer';

/** The fields of the Training region; what run.json's configuration is made of, with data, model and rules. */
export const trainingFieldsSchema = z.object({
  epochs: z.int().min(1).max(10_000),
  batchSize: z.int().min(1).max(1024),
  learningRate: z.number().positive().max(10),
  augmentation: z.enum(augmentations),
  earlyStopping: z.int().min(0),
  /** Of texts: tokens at most; 0 for as many as the model takes. */
  maxLength: z.int().min(0).max(131_072),
  /** Of classes of texts: what becomes of longer ones. */
  longTexts: z.enum(longTextChoices),
  /** Of text-to-text: what is written before every source; '' for nothing. */
  prefix: prefixSchema,
  optimizer: z.enum(['adamw', 'sgd']),
  weightDecay: z.number().min(0),
  labelSmoothing: z.number().min(0).max(0.5),
  classWeights: z.enum(['none', 'balanced']),
  schedule: z.enum(schedules),
  warmup: z.number().min(0).max(0.9),
  /** 0: none. */
  gradientClipping: z.number().min(0),
  /** Batches that make an update. */
  gradientAccumulation: z.int().min(1).max(1024),
  validationSplit: z.number().min(0).max(0.9),
  testSplit: z.number().min(0).max(0.9),
  seed: z.int().min(0),
  /** Of adapters, where there are any (PanelState.lora). */
  loraRank: loraSchema.shape.rank.unwrap(),
  loraAlpha: loraSchema.shape.alpha.unwrap(),
});
export type TrainingFields = z.infer<typeof trainingFieldsSchema>;

/** What the tab as a whole is doing. `ended`: the process is gone without a word; it can be resumed. */
export type PanelPhase =
  | 'loading'
  | 'ready'
  | 'starting'
  | 'preparing'
  | 'training'
  | 'paused'
  | 'finished'
  | 'stopped'
  | 'failed'
  | 'ended';

/** What the model of the run is tried on. */
export interface Trial {
  /** A picture's file, or the text itself. */
  name: string;
  busy: boolean;
  answer: Answer | null;
  failure: Failure | null;
  /** The second text of a pair. */
  pair?: string;
  /** What a model that writes has written so far; `result` once it is done, null when it was stopped. */
  written?: { text: string; result: Generated | null };
}

/** All that the tab shows, held by the host. It is sent whole once, then key by key. */
export interface PanelState {
  /** The folder's name. */
  title: string;
  folder: string;
  /** False in an untrusted workspace: preview yes, training no. */
  trusted: boolean;
  phase: PanelPhase;
  /** `read`: rows of texts so far. */
  data: { summary: DataSummary; checking: boolean; read?: number } | null;
  dataFailure: Failure | null;
  /** A task and columns of texts that were chosen and do not fit: what was there before still stands. */
  refusal: { task: TextTask; columns: ColumnMap; failure: Failure } | null;
  examples: ExampleRow[];
  /** The first rows of texts; all others come page by page. */
  textRows: TextRow[];
  /** Texts that are longer than the model takes. */
  cut: Problem[];
  model: ModelFacts | null;
  modelFailure: Failure | null;
  layers: LayerNode | null;
  rules: string[];
  presets: { name: Preset; rules: string[] }[];
  /** Present: adapters stand in the tree; their rank and α are in `training`. */
  lora: LoraConfig | null;
  training: TrainingFields;
  cost: Cost | null;
  /** The run in this tab, once there is one. */
  run: { path: string; id: string } | null;
  failure: Failure | null;
  /** While it starts, how many texts are read and cut into tokens; `total`: null until it is known. */
  prepared?: Prepared | null;
  predictions: Prediction[];
  trial: Trial | null;
  log: string[];
}

/** Host → webview. */
export type ToPanel =
  | { type: 'state'; state: Partial<PanelState>; l10n?: Record<string, string>; locale?: string }
  /** All events so far (`reset`) or those that came since. */
  | { type: 'events'; reset: boolean; events: RunEvent[] }
  | { type: 'thumbnails'; images: { path: string; bytes: Uint8Array | null }[] }
  | { type: 'trialPicture'; bytes: Uint8Array }
  /** A page of texts; `failure` where there is none to be had. */
  | { type: 'rows'; filter: RowFilter; from: number; total: number; rows: TextRow[]; failure: Failure | null }
  /** The tokens of the row of that name, or why there are none; null while no model is there to read it. */
  | { type: 'tokens'; where: string; answer: TokensAnswer | Failure | null }
  /** Moves the focus to a layer that was picked in the side bar. */
  | { type: 'reveal'; layer: string };

/** Characters that are tried at once. */
const mostTyped = 200_000;

/** Webview → host. */
export const fromPanelSchema = z.discriminatedUnion('type', [
  /** A page has begun that knows nothing yet. */
  z.object({ type: z.literal('ready') }),
  /** It has drawn its first picture. */
  z.object({ type: z.literal('seen') }),
  z.object({ type: z.literal('thumbnails'), paths: z.array(z.string()).max(500) }),
  z.object({ type: z.literal('rows'), filter: rowFilterSchema, from: z.int().min(0), count: z.int().min(0).max(200) }),
  z.object({ type: z.literal('tokens'), where: z.string(), texts: z.array(z.string()).max(2000), pair: z.boolean(), chat: z.boolean() }),
  /** What is learned from texts, and which column is what; columns that are not named are found anew. */
  z.object({ type: z.literal('columns'), task: textTaskSchema, columns: columnMapSchema }),
  z.object({ type: z.literal('changeModel') }),
  z.object({ type: z.literal('preset'), name: presetSchema }),
  z.object({ type: z.literal('toggle'), layer: z.string(), on: z.boolean() }),
  z.object({ type: z.literal('training'), fields: trainingFieldsSchema.partial() }),
  z.object({ type: z.literal('start') }),
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('resume') }),
  z.object({ type: z.literal('stop') }),
  z.object({ type: z.literal('openFile'), path: z.string() }),
  z.object({ type: z.literal('openRunFolder') }),
  z.object({ type: z.literal('showLog') }),
  z.object({ type: z.literal('manageTrust') }),
  z.object({ type: z.literal('installTensorflow') }),
  z.object({ type: z.literal('retry') }),
  /** Try it: a dropped picture's bytes, or null to choose a file in VS Code's dialog. */
  /** Try it with a text, or a pair of them. */
  z.object({ type: z.literal('tryText'), text: z.string().max(mostTyped), pair: z.string().max(mostTyped).nullable() }),
  /** Lets the model go on from a text, or answer in a conversation. */
  z.object({
    type: z.literal('write'),
    prompt: z.union([z.string().max(mostTyped), z.array(turnSchema).min(1)]),
    options: generationSchema,
  }),
  z.object({ type: z.literal('stopWriting') }),
  z.object({ type: z.literal('try'), name: z.string(), bytes: z.instanceof(Uint8Array).nullable() }),
]);
export type FromPanel = z.infer<typeof fromPanelSchema>;

/** What the webview keeps by `setState`, so that a reloaded window can open the same tab again. */
export const panelMementoSchema = z.object({ folder: z.string(), run: z.string().nullable() });
export type PanelMemento = z.infer<typeof panelMementoSchema>;
