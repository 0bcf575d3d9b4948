import * as z from 'zod';
import {
  columnMapSchema,
  dataSummarySchema,
  exampleRowsSchema,
  type Problem,
  problemSchema,
  rowFilterSchema,
  taskSchema,
  textRowSchema,
  textTaskSchema,
  tokensSchema,
} from './data';
import { failureSchema } from './failure';
import { type GenerateAnswer, generateAnswerSchema, generationSchema, turnSchema } from './generation';
import { layerNodeSchema } from './layers';
import { answerSchema } from './report';
import { longTextChoices, loraSchema, prefixSchema, presetSchema, runConfigSchema } from './runConfig';

/** A model that can be chosen, as `thaw models` lists it. */
export const modelFactsSchema = z.object({
  id: z.string(),
  /** For people: "EfficientNet-Lite0". */
  title: z.string(),
  family: z.string(),
  task: z.string(),
  parameters: z.int(),
  bytes: z.int(),
  source: z.enum(['bundled', 'cached', 'run', 'hub', 'scratch', 'disk']),
  licence: z.string(),
  /** What it can learn, where that is more than `task`. */
  tasks: z.array(taskSchema).optional(),
  /** Side of the square input, pixels; 0 for models of texts. */
  imageSize: z.int(),
  /** Of models of texts: tokens that they take at most, and layers. */
  maxLength: z.int().optional(),
  blocks: z.int().optional(),
  /** What its configuration says it was taught to read before a source, by task. */
  prefixes: z.array(z.string()).optional(),
  /** Of an adapter with its base: how it is, for it to learn on. */
  lora: loraSchema.optional(),
  /** "ImageNet", or "" when it starts from random weights. */
  pretrainedOn: z.string(),
});
export type ModelFacts = z.infer<typeof modelFactsSchema>;

/** How the hub is asked for somebody; what is absent is as Hugging Face's own tools have it. */
export const hubAccessSchema = z.object({ endpoint: z.string().optional(), token: z.string().optional() });
export type HubAccess = z.infer<typeof hubAccessSchema>;

/** A model of the hub before it is downloaded. */
export const hubFactsSchema = z.object({
  /** `org/name[@revision]` */
  id: z.string(),
  /** Of the files that are needed. */
  bytes: z.number(),
  files: z.int(),
  licence: z.string(),
  downloads: z.number(),
  /** Whether its terms must be accepted on the hub. */
  gated: z.boolean(),
  /** How much of it is not here yet. */
  missing: z.number(),
  /** Whether its layers can be seen before its weights are here. */
  hasHeader: z.boolean(),
});
export type HubFacts = z.infer<typeof hubFactsSchema>;

export const popularSchema = z.array(z.object({ id: z.string(), downloads: z.number(), licence: z.string(), gated: z.boolean() }));
export type PopularModels = z.infer<typeof popularSchema>;

/** How far a download is, bytes; `waiting` in seconds while the hub makes us wait. */
export const pullStateSchema = z.object({ done: z.number(), total: z.number(), waiting: z.number().optional() });
export type PullState = z.infer<typeof pullStateSchema>;

export const costSchema = z.object({ secondsPerEpoch: z.number(), totalSeconds: z.number(), memoryBytes: z.number() });
export type Cost = z.infer<typeof costSchema>;

const availableSchema = {
  available: z.boolean(),
  reason: z.string().optional(),
  /** Milliseconds that a training step of a small network takes. */
  stepMilliseconds: z.number().optional(),
};

/** What `thaw doctor` found out. */
export const doctorSchema = z.object({
  node: z.string(),
  platform: z.string(),
  threads: z.int(),
  memory: z.number(),
  engines: z.array(
    z.object({
      ...availableSchema,
      name: z.string(),
      version: z.string(),
      /** What the engine can compute on, the processor first. */
      devices: z.array(z.object({ ...availableSchema, name: z.string() })).optional(),
    }),
  ),
  folders: z.record(z.string(), z.string()),
});
export type Doctor = z.infer<typeof doctorSchema>;

/** A data set, and what somebody has said of it; the rest is found out. */
const dataSchema = {
  path: z.string(),
  validationSplit: z.number(),
  testSplit: z.number(),
  /** Of texts: what is learned, and which column is what. */
  task: textTaskSchema.optional(),
  columns: columnMapSchema.optional(),
};

/** How a model reads texts: no more tokens than that, and of text-to-text with this before every source. */
const readSchema = { maxLength: z.int().min(1).optional(), prefix: prefixSchema.optional() };

/**
 * Requests to the assistant: a child forked by the extension host (Node IPC, serialization "advanced") that looks at
 * data and models so that the host need not. It trains nothing, writes nothing into the data, and ends with its window.
 * Every request is answered once by `done` or `failed`; some say `progress` before.
 */
export const assistantRequestSchema = z.discriminatedUnion('type', [
  /** Progress: the summary as soon as files are counted, with the first rows, then with all; again when hashed and checked. */
  z.object({ id: z.int(), type: z.literal('inspect'), ...dataSchema }),
  /** Some examples of texts, as `inspect` found them; it is begun where it was not asked before. */
  z.object({
    id: z.int(),
    type: z.literal('rows'),
    ...dataSchema,
    filter: rowFilterSchema,
    from: z.int().min(0),
    count: z.int().min(0).max(500),
    /** Whose tokens are counted. */
    model: z.string().optional(),
    prefix: prefixSchema.optional(),
  }),
  /** Which texts are longer than a model takes; none are named where there are too many to look at all of them. */
  z.object({
    id: z.int(),
    type: z.literal('lengths'),
    ...dataSchema,
    model: z.string(),
    ...readSchema,
    /** What becomes of them; cut off when absent. */
    longTexts: z.enum(longTextChoices).optional(),
  }),
  /** The tokens of texts, each for itself, or of two as a pair, or of roles and contents in turn as a conversation. */
  z.object({
    id: z.int(),
    type: z.literal('tokens'),
    model: z.string(),
    texts: z.array(z.string()).max(2000),
    pair: z.boolean(),
    chat: z.boolean().optional(),
    ...readSchema,
  }),
  /** JPEG or WebP bytes, `side` pixels square (cover), in the order asked; null where a file cannot be decoded. */
  z.object({ id: z.int(), type: z.literal('thumbnails'), root: z.string(), paths: z.array(z.string()), side: z.int() }),
  /** The window has drawn the first pictures of a folder: what keeps all cores busy may begin. */
  z.object({ id: z.int(), type: z.literal('seen') }),
  z.object({ id: z.int(), type: z.literal('models'), runsFolder: z.string().optional() }),
  /** The tree of a model with a new head for `classes`; presets as rules. */
  z.object({
    id: z.int(),
    type: z.literal('layers'),
    model: z.string(),
    /** Of a new head; 0 for tasks without classes. */
    classes: z.int(),
    /** Absent: pictures. */
    task: textTaskSchema.optional(),
    /** Present: adapters stand beside its layers. */
    lora: loraSchema.optional(),
    /** Present: the hub may be asked for a model that is not here; its weights stay there. */
    hub: hubAccessSchema.optional(),
  }),
  /** The hub's popular models for a task; `search` is a part of their names. */
  z.object({ id: z.int(), type: z.literal('popular'), task: taskSchema, search: z.string(), hub: hubAccessSchema }),
  z.object({ id: z.int(), type: z.literal('hubModel'), model: z.string(), hub: hubAccessSchema }),
  /** Brings a model of the hub into the cache, and says how far it is. */
  z.object({ id: z.int(), type: z.literal('pull'), model: z.string(), hub: hubAccessSchema }),
  /** What a run by this configuration would cost, from a short probe of this machine and the counts of the model. */
  z.object({
    id: z.int(),
    type: z.literal('cost'),
    config: runConfigSchema,
    examples: z.int(),
    classes: z.int(),
    /** Present: texts, in the words that they were looked at by. How long they are decides what they cost. */
    texts: z.object(dataSchema).optional(),
  }),
  /** A picture's bytes, or a file's path; or a text, or two. */
  z.object({
    id: z.int(),
    type: z.literal('predict'),
    run: z.string(),
    name: z.string(),
    text: z.string().optional(),
    pair: z.string().optional(),
    bytes: z.instanceof(Uint8Array).optional(),
    path: z.string().optional(),
  }),
  /**
   * What a model writes on from a prompt, or answers in a conversation (as its chat template writes one). `model` is a run's
   * folder or a model's id. Progress is the text as it comes.
   */
  z.object({
    id: z.int(),
    type: z.literal('generate'),
    model: z.string(),
    prompt: z.union([z.string(), z.array(turnSchema).min(1)]),
    options: generationSchema,
  }),
  z.object({ id: z.int(), type: z.literal('doctor') }),
  z.object({ id: z.int(), type: z.literal('cancel'), request: z.int() }),
]);
export type AssistantRequest = z.infer<typeof assistantRequestSchema>;

export const layersAnswerSchema = z.object({
  facts: modelFactsSchema,
  root: layerNodeSchema,
  presets: z.array(z.object({ name: presetSchema, rules: z.array(z.string()) })),
});
export type LayersAnswer = z.infer<typeof layersAnswerSchema>;

export const inspectAnswerSchema = z.object({
  summary: dataSummarySchema,
  /** All examples, or the first of many; in progress as the folder has them, before anything is checked or split off. */
  examples: exampleRowsSchema.optional(),
  /** Of texts: the first rows, and how many have been read so far. */
  rows: z.array(textRowSchema).optional(),
  read: z.int().optional(),
});
export type InspectAnswer = z.infer<typeof inspectAnswerSchema>;

export const rowsAnswerSchema = z.object({ total: z.int(), rows: z.array(textRowSchema) });
export type RowsAnswer = z.infer<typeof rowsAnswerSchema>;

export const tokensAnswerSchema = z.object({
  /** What the model takes at most; null where it has no limit. */
  limit: z.int().nullable(),
  texts: z.array(tokensSchema),
});
export type TokensAnswer = z.infer<typeof tokensAnswerSchema>;

/** What each request is answered with. */
export interface AssistantAnswers {
  inspect: InspectAnswer;
  rows: RowsAnswer;
  lengths: Problem[];
  tokens: TokensAnswer;
  thumbnails: (Uint8Array | null)[];
  seen: null;
  models: ModelFacts[];
  layers: LayersAnswer;
  popular: PopularModels;
  hubModel: HubFacts;
  pull: PullState;
  cost: Cost;
  predict: z.infer<typeof answerSchema>;
  generate: GenerateAnswer;
  doctor: Doctor;
  cancel: null;
}
export const answerSchemas = {
  inspect: inspectAnswerSchema,
  rows: rowsAnswerSchema,
  lengths: z.array(problemSchema),
  tokens: tokensAnswerSchema,
  thumbnails: z.array(z.instanceof(Uint8Array).nullable()),
  seen: z.null(),
  models: z.array(modelFactsSchema),
  layers: layersAnswerSchema,
  popular: popularSchema,
  hubModel: hubFactsSchema,
  pull: pullStateSchema,
  cost: costSchema,
  predict: answerSchema,
  generate: generateAnswerSchema,
  doctor: doctorSchema,
  cancel: z.null(),
} as const satisfies { [K in keyof AssistantAnswers]: z.ZodType<AssistantAnswers[K]> };

export const assistantMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), id: z.int(), value: z.unknown() }),
  z.object({ type: z.literal('done'), id: z.int(), value: z.unknown() }),
  z.object({ type: z.literal('failed'), id: z.int(), failure: failureSchema }),
]);
export type AssistantMessage = z.infer<typeof assistantMessageSchema>;
