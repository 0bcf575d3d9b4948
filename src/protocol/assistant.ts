import * as z from 'zod';
import { dataSummarySchema, exampleRowSchema } from './data';
import { failureSchema } from './failure';
import { layerNodeSchema } from './layers';
import { answerSchema } from './report';
import { runConfigSchema } from './runConfig';

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
  /** Side of the square input, pixels. */
  imageSize: z.int(),
  /** "ImageNet", or "" when it starts from random weights. */
  pretrainedOn: z.string(),
});
export type ModelFacts = z.infer<typeof modelFactsSchema>;

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

/**
 * Requests to the assistant: a child forked by the extension host (Node IPC, serialization "advanced") that looks at
 * data and models so that the host need not. It trains nothing, writes nothing into the data, and ends with its window.
 * Every request is answered once by `done` or `failed`; some say `progress` before.
 */
export const assistantRequestSchema = z.discriminatedUnion('type', [
  /** Progress: the summary as soon as files are counted, again when hashed and checked, again after near duplicates. */
  z.object({ id: z.int(), type: z.literal('inspect'), path: z.string(), validationSplit: z.number(), testSplit: z.number() }),
  /** JPEG or WebP bytes, `side` pixels square (cover), in the order asked; null where a file cannot be decoded. */
  z.object({ id: z.int(), type: z.literal('thumbnails'), root: z.string(), paths: z.array(z.string()), side: z.int() }),
  z.object({ id: z.int(), type: z.literal('models'), runsFolder: z.string().optional() }),
  /** The tree of a model with a new head for `classes`; presets as rules. */
  z.object({ id: z.int(), type: z.literal('layers'), model: z.string(), classes: z.int() }),
  /** What a run by this configuration would cost, from a short probe of this machine and the counts of the model. */
  z.object({ id: z.int(), type: z.literal('cost'), config: runConfigSchema, examples: z.int(), classes: z.int() }),
  /** A picture's bytes, or a file's path. */
  z.object({
    id: z.int(),
    type: z.literal('predict'),
    run: z.string(),
    name: z.string(),
    bytes: z.instanceof(Uint8Array).optional(),
    path: z.string().optional(),
  }),
  z.object({ id: z.int(), type: z.literal('doctor') }),
  z.object({ id: z.int(), type: z.literal('cancel'), request: z.int() }),
]);
export type AssistantRequest = z.infer<typeof assistantRequestSchema>;

export const layersAnswerSchema = z.object({
  facts: modelFactsSchema,
  root: layerNodeSchema,
  presets: z.array(z.object({ name: z.enum(['head', 'top', 'all']), rules: z.array(z.string()) })),
});
export type LayersAnswer = z.infer<typeof layersAnswerSchema>;

export const inspectAnswerSchema = z.object({
  summary: dataSummarySchema,
  /** All examples; in the first progress as the folder has them, before anything is checked or split off. */
  examples: z.array(exampleRowSchema).optional(),
});
export type InspectAnswer = z.infer<typeof inspectAnswerSchema>;

/** What each request is answered with. */
export interface AssistantAnswers {
  inspect: InspectAnswer;
  thumbnails: (Uint8Array | null)[];
  models: ModelFacts[];
  layers: LayersAnswer;
  cost: Cost;
  predict: z.infer<typeof answerSchema>;
  doctor: Doctor;
  cancel: null;
}
export const answerSchemas = {
  inspect: inspectAnswerSchema,
  thumbnails: z.array(z.instanceof(Uint8Array).nullable()),
  models: z.array(modelFactsSchema),
  layers: layersAnswerSchema,
  cost: costSchema,
  predict: answerSchema,
  doctor: doctorSchema,
  cancel: z.null(),
} as const satisfies { [K in keyof AssistantAnswers]: z.ZodType<AssistantAnswers[K]> };

export const assistantMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), id: z.int(), value: z.unknown() }),
  z.object({ type: z.literal('done'), id: z.int(), value: z.unknown() }),
  z.object({ type: z.literal('failed'), id: z.int(), failure: failureSchema }),
]);
export type AssistantMessage = z.infer<typeof assistantMessageSchema>;
