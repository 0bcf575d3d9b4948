import type { ModelFacts } from './assistant';
import type { Task } from './data';
import type { OptimizerConfig, Preset } from './runConfig';

/** The model that a run begins from unless another is named, and what stands in where its weights are not installed. */
export const defaultModel = 'efficientnet_lite0';
/** For classes of texts, where it is installed. */
export const defaultTextModel = 'all-MiniLM-L6-v2';
export const scratchModel = 'convnet_small';
export const defaultEpochs = 10;

/** Whether a task tells classes apart. */
export function hasClasses(task: Task): boolean {
  return task === 'image-classification' || task === 'text-classification' || task === 'text-pair-classification';
}

/** Whether a model can learn a task. */
export function canLearn({ task, tasks }: Pick<ModelFacts, 'task' | 'tasks'>, wanted: Task): boolean {
  return tasks ? tasks.includes(wanted) : task === wanted;
}

/**
 * What learns unless somebody says otherwise: a new head on learned features; the last blocks of a language model, whose head
 * is its embeddings as a rule; everything where there is nothing learned.
 */
export function defaultPreset(facts: Pick<ModelFacts, 'source'>, task: Task = 'image-classification'): Preset {
  if (facts.source === 'scratch') return 'all';
  return hasClasses(task) ? 'head' : 'top';
}

/**
 * Peak learning rate for a preset. The more of a pretrained network moves, the smaller its steps: a fresh head has
 * everything to learn, while large steps in the body would wipe out what it knows. Random weights know nothing to lose.
 */
export function defaultLearningRate(preset: Preset, optimizer: OptimizerConfig['name'], facts: Pick<ModelFacts, 'source'>): number {
  const rates = {
    adamw: { head: 1e-3, top: 3e-4, all: 1e-4, lora: 1e-3, scratch: 1e-3 },
    sgd: { head: 3e-2, top: 1e-2, all: 3e-3, lora: 3e-2, scratch: 5e-2 },
  };
  return rates[optimizer][facts.source === 'scratch' ? 'scratch' : preset];
}
