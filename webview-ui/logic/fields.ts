import type { TrainingFields } from '../../src/protocol/panel';
import type { RunConfig } from '../../src/protocol/runConfig';

export type NumberField = {
  [K in keyof TrainingFields]: TrainingFields[K] extends number ? K : never;
}[keyof TrainingFields];

interface Limits {
  min: number;
  max: number;
  whole: boolean;
  /** Whether `min` itself is refused. */
  above?: boolean;
}

/** What each number may be; trainingFieldsSchema says the same to the host, and a test holds the two together. */
export const limits: Record<NumberField, Limits> = {
  epochs: { min: 1, max: 10_000, whole: true },
  batchSize: { min: 1, max: 1024, whole: true },
  learningRate: { min: 0, max: 10, whole: false, above: true },
  earlyStopping: { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true },
  maxLength: { min: 0, max: 131_072, whole: true },
  weightDecay: { min: 0, max: Number.POSITIVE_INFINITY, whole: false },
  labelSmoothing: { min: 0, max: 0.5, whole: false },
  warmup: { min: 0, max: 0.9, whole: false },
  gradientClipping: { min: 0, max: Number.POSITIVE_INFINITY, whole: false },
  gradientAccumulation: { min: 1, max: 1024, whole: true },
  validationSplit: { min: 0, max: 0.9, whole: false },
  testSplit: { min: 0, max: 0.9, whole: false },
  seed: { min: 0, max: 0xffffffff, whole: true },
  loraRank: { min: 1, max: 1024, whole: true },
  loraAlpha: { min: 0, max: Number.POSITIVE_INFINITY, whole: false, above: true },
};

export type Refusal = 'notANumber' | 'notWhole' | 'tooSmall' | 'tooLarge';

/** A number as it was typed, with a comma or a point, or why it cannot be taken. */
export function parseField(field: NumberField, text: string): { value: number } | { refusal: Refusal } {
  const trimmed = text.trim().replace(',', '.');
  const value = trimmed === '' ? Number.NaN : Number(trimmed);
  const { min, max, whole, above } = limits[field];
  if (Number.isNaN(value)) return { refusal: 'notANumber' };
  if (value < min || (above && value === min)) return { refusal: 'tooSmall' };
  if (value > max || !Number.isFinite(value)) return { refusal: 'tooLarge' };
  if (whole && !Number.isInteger(value)) return { refusal: 'notWhole' };
  return { value };
}

/** What a run was begun with, as the form shows it. */
export function fieldsOf(config: RunConfig): TrainingFields {
  const { data, phases, batchSize, optimizer, schedule, augmentation, labelSmoothing, classWeights, earlyStopping, maxLength, lora, seed } =
    config;
  const { gradientClipping, gradientAccumulation, longTexts } = config;
  return {
    epochs: phases.reduce((sum, phase) => sum + phase.epochs, 0),
    learningRate: phases[0]?.learningRate ?? 0,
    optimizer: optimizer.name,
    weightDecay: optimizer.weightDecay,
    schedule: schedule.name,
    warmup: schedule.warmup,
    gradientClipping,
    gradientAccumulation,
    validationSplit: data.validationSplit,
    testSplit: data.testSplit,
    batchSize,
    augmentation,
    labelSmoothing,
    classWeights,
    earlyStopping,
    maxLength: maxLength ?? 0,
    longTexts,
    prefix: data.prefix ?? '',
    seed,
    loraRank: lora?.rank ?? 8,
    loraAlpha: lora?.alpha ?? 16,
  };
}
