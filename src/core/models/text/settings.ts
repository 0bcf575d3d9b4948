import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { ThawError } from '../../../protocol/failure';
import type { Activation } from '../../nn';

export const positive = z.int().min(1);
/** Of dropout. */
export const rate = z.number().min(0).lt(1);

/** transformers' names of activations → ours (transformers/activations.py, ACT2FN). */
const activations: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_new: 'geluTanh',
  gelu_pytorch_tanh: 'geluTanh',
  gelu_fast: 'geluTanh',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
  tanh: 'tanh',
};

/** @throws ThawError `model.unsupported` naming the setting. */
export function activationNamed(name: string, setting: string): Activation {
  const found = activations[name];
  if (!found) throw refused(setting, name);
  return found;
}

/** Settings whose other values would make another network. @throws ThawError `model.unsupported` naming the first of them. */
export function requireSettings(config: Readonly<Record<string, unknown>>, only: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(only)) {
    const asked = config[name];
    if (asked !== undefined && asked !== null && JSON.stringify(asked) !== JSON.stringify(value)) throw refused(name, asked);
  }
}

export function refused(setting: string, value: unknown): ThawError {
  return new ThawError(
    'model.unsupported',
    l10n.t('The setting {0} = {1} of the model is not supported.', setting, JSON.stringify(value)),
    l10n.t('Choose a model of this family without it.'),
  );
}

/** How many classes a config's own head has. */
export function classesOf(config: { id2label?: Readonly<Record<string, string>>; num_labels?: number }): number {
  return config.id2label ? Object.keys(config.id2label).length : (config.num_labels ?? 2);
}

export const labelSettings = {
  id2label: z.record(z.string(), z.string()).optional(),
  num_labels: positive.optional(),
};
