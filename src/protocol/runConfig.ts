import * as z from 'zod';
import { columnRoleSchema, taskSchema } from './data';

/** The format of run.json. A reader refuses a larger number with `config.newer`. */
export const runConfigVersion = 1;

export const augmentations = ['none', 'flip', 'standard'] as const;
export const engineNames = ['onnx', 'tensorflow'] as const;
/** What the onnx engine computes on; 'auto' is the quickest that computes what the processor does. */
export const deviceNames = ['auto', 'cpu', 'webgpu', 'directml', 'coreml', 'cuda'] as const;
export type Device = (typeof deviceNames)[number];
export type ComputeDevice = Exclude<Device, 'auto'>;
export const schedules = ['cosine', 'linear', 'constant'] as const;
/** What becomes of texts that are longer than the model takes. */
export const longTextChoices = ['cut', 'windows'] as const;
export type LongTexts = (typeof longTextChoices)[number];
export const presetNames = ['head', 'top', 'all', 'lora'] as const;
export const presetSchema = z.enum(presetNames);
export type Preset = z.infer<typeof presetSchema>;

export const prefixSchema = z.string().max(1000);
const share = z.number().min(0).max(0.9);

export const phaseSchema = z.strictObject({
  epochs: z.int().min(1).max(10_000),
  learningRate: z.number().positive().max(10),
  /** See rules.ts. */
  rules: z.array(z.string()),
});
export type Phase = z.infer<typeof phaseSchema>;

export const optimizerSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('adamw'),
    weightDecay: z.number().min(0).default(0.01),
    beta1: z.number().min(0).lt(1).default(0.9),
    beta2: z.number().min(0).lt(1).default(0.999),
    epsilon: z.number().positive().default(1e-8),
  }),
  z.strictObject({
    name: z.literal('sgd'),
    weightDecay: z.number().min(0).default(0.0001),
    momentum: z.number().min(0).lt(1).default(0.9),
  }),
]);
export type OptimizerConfig = z.infer<typeof optimizerSchema>;

/** Low-rank adapters beside linear layers (see core/models/lora), named as PEFT names their settings. */
export const loraSchema = z.strictObject({
  rank: z.int().min(1).max(1024).default(8),
  alpha: z.number().positive().default(16),
  /** Share of an adapter's inputs that a training step leaves out. */
  dropout: z.number().min(0).lt(1).default(0),
  /** α / √rank in place of α / rank. */
  rslora: z.boolean().default(false),
  /** Globs over the layers' paths; empty: those that the model's family adapts. */
  targets: z.array(z.string()).default([]),
});
export type LoraConfig = z.infer<typeof loraSchema>;

/** A run, complete: from these lines and the same files, the same machine makes the same bytes. */
export const runConfigSchema = z.strictObject({
  version: z.int().default(runConfigVersion),
  data: z.strictObject({
    /** Absolute path of the folder or file. */
    path: z.string().min(1),
    task: taskSchema.default('image-classification'),
    /** Of a table of texts: which column plays which role; what is absent is found from the data. */
    columns: z.partialRecord(columnRoleSchema, z.string()).optional(),
    /** Written before every source of text-to-text, as T5 was taught: "translate English to German: ". */
    prefix: prefixSchema.optional(),
    /** Share of the training examples taken for a role that the folder lacks; 0 for none. */
    validationSplit: share.default(0.15),
    testSplit: share.default(0.15),
  }),
  /** A model's id (`efficientnet_lite0`), a folder in the hub's layout, or an earlier run's folder. */
  model: z.string().min(1).default('efficientnet_lite0'),
  phases: z.array(phaseSchema).min(1),
  batchSize: z.int().min(1).max(1024).default(16),
  optimizer: optimizerSchema.prefault({ name: 'adamw' }),
  /** Linear warm-up over this share of all steps, then cosine or linear to zero, or constant. */
  schedule: z.strictObject({ name: z.enum(schedules).default('cosine'), warmup: share.default(0.05) }).prefault({}),
  augmentation: z.enum(augmentations).default('flip'),
  labelSmoothing: z.number().min(0).max(0.5).default(0.1),
  classWeights: z.enum(['none', 'balanced']).default('none'),
  /** Epochs without a better validation loss after which the run ends; 0 for never. The best weights are kept either way. */
  earlyStopping: z.int().min(0).default(0),
  /** Side of the square input in pixels; the model's own when absent. */
  imageSize: z.int().min(16).max(1024).optional(),
  /** Tokens at most of a text, special ones included; the model's own limit when absent. */
  maxLength: z.int().min(4).max(131_072).optional(),
  /**
   * Of classes of texts: what is beyond is cut off, or a long text is split into windows that overlap by a quarter. Those weigh
   * as much as one text together, and what a model says of a text is the mean of its probabilities over them.
   */
  longTexts: z.enum(longTextChoices).default('cut'),
  /** Present: adapters stand beside the targets before any rule is applied. */
  lora: loraSchema.optional(),
  /** Share that layers with dropout leave out in training: 'model' for what the checkpoint says of each, or one for all of them. */
  dropout: z
    .union([z.literal('model'), z.number().min(0).lt(1)], { error: 'expected "model", or a number from 0 to below 1' })
    .default('model'),
  /** Largest norm that all gradients together may have; 0 for any. */
  gradientClipping: z.number().min(0).default(0),
  /** Batches whose gradients make one update. */
  gradientAccumulation: z.int().min(1).max(1024).default(1),
  seed: z.int().min(0).max(0xffffffff).default(0),
  engine: z.enum(engineNames).default('onnx'),
  /** Of the onnx engine. On anything but cpu, the same lines need not make the same bytes. */
  device: z.enum(deviceNames).default('cpu'),
  /** 0: as many as there are physical cores. */
  threads: z.int().min(0).max(256).default(0),
  /** Minutes without a window after which a detached run checkpoints and ends as paused; 0 for never. */
  idleMinutes: z.number().min(0).default(10),
});
export type RunConfig = z.infer<typeof runConfigSchema>;
export type RunConfigInput = z.input<typeof runConfigSchema>;

/** `run.json`: the configuration and what it was resolved to when the run began. */
export const runRecordSchema = z.object({
  version: z.int(),
  id: z.string(),
  created: z.string(),
  config: runConfigSchema,
  dataFingerprint: z.string(),
  classes: z.array(z.string()),
  model: z.object({
    id: z.string(),
    family: z.string(),
    source: z.string(),
    licence: z.string(),
    /** SHA-256 of the weights that the run began from; null for random ones. */
    sha256: z.string().nullable(),
  }),
  versions: z.record(z.string(), z.string()),
  threads: z.int(),
  /** What the run began on: not always what was asked for. */
  device: z.enum(deviceNames).exclude(['auto']).default('cpu'),
});
export type RunRecord = z.infer<typeof runRecordSchema>;
